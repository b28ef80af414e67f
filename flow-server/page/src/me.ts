/** Who looks at the page, as far as the server tells. */
import { signal } from '@preact/signals';
import { ApiError, call } from './api.ts';

export type Role = 'read' | 'run' | 'answer' | 'admin';

interface Me {
    /** Whether the server knows who answers. */
    named: string | null;
    can(role: Role): boolean;
    /** Whether they may cancel, retry and copy what runs on behalf of this user: an admin for others, too. */
    acts(user: string | null): boolean;
}

const anybody: Me = { named: null, can: () => true, acts: () => true };
export const me = signal<Me>(anybody);

/** Asks the server. One that does not say leaves everything to be tried. */
export async function askMe(): Promise<void> {
    try {
        const { name, roles } = await call<{ name?: string | null; roles?: string[] }>('api/me');
        const can = (role: Role) => !roles || roles.includes(role) || roles.includes('admin');
        me.value = { named: name ?? null, can, acts: user => can('admin') || (can('run') && name === user) };
    } catch (error) {
        if (error instanceof ApiError && error.status === 404) me.value = anybody;
    }
}
