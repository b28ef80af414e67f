/** Who looks at the page, as far as the server tells. */
import { signal } from './signals.ts';
import { call } from './api.ts';

export type Role = 'read' | 'run' | 'answer' | 'admin';

interface Me {
    /** Whether the server knows who answers. */
    named: string | null;
    can(role: Role): boolean;
    /** Whether they may cancel, retry and copy what runs on behalf of this user: an admin for others, too. */
    acts(user: string | null): boolean;
}

/** Until the server has told it, everything may be tried. */
export const me = signal<Me>({ named: null, can: () => true, acts: () => true });

export async function askMe(): Promise<void> {
    const { name, roles } = await call<{ name: string | null; roles: string[] }>('api/me');
    const can = (role: Role) => roles.includes(role) || roles.includes('admin');
    me.value = { named: name, can, acts: user => can('admin') || (can('run') && name === user) };
}
