/** Who looks at the page, as far as the server tells. */
import { signal } from './signals.ts';
import { ApiError, call } from './api.ts';

export type Role = 'read' | 'run' | 'answer' | 'admin';

interface Me {
    /** Whether the server knows who answers. */
    named: string | null;
    can(role: Role): boolean;
}

const anybody: Me = { named: null, can: () => true };
export const me = signal<Me>(anybody);

/** Asks the server. One that does not say leaves everything to be tried. */
export async function askMe(): Promise<void> {
    try {
        const { name, roles } = await call<{ name?: string | null; roles?: string[] }>('api/me');
        me.value = { named: name ?? null, can: role => !roles || roles.includes(role) || roles.includes('admin') };
    } catch (error) {
        if (error instanceof ApiError && error.status === 404) me.value = anybody;
    }
}
