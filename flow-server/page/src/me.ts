/** Who looks at the page, as far as the server tells. */
import { signal } from './signals.ts';
import { call } from './api.ts';

export type Role = 'read' | 'run' | 'answer' | 'admin';

interface Me {
    /** Whether the server knows who answers. */
    named: string | null;
    can(role: Role): boolean;
}

/** Until the server has told it, everything may be tried. */
export const me = signal<Me>({ named: null, can: () => true });

export async function askMe(): Promise<void> {
    const { name, roles } = await call<{ name: string | null; roles: string[] }>('api/me');
    me.value = { named: name, can: role => roles.includes(role) || roles.includes('admin') };
}
