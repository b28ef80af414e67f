/** Lists that are walked through with the arrow keys, or with j and k. */

/** Moves the focus to the one before or after, or to an end, among those that have the same role or class; that one is returned. */
export function walk(event: KeyboardEvent, next: string, previous: string): HTMLElement | undefined {
    const at = event.target as HTMLElement;
    const { role, className } = at;
    const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(role ? `[role=${role}]` : `.${className}`)];
    const index = all.indexOf(at);
    const to = { [`Arrow${next}`]: index + 1, [`Arrow${previous}`]: index - 1, j: index + 1, k: index - 1, Home: 0, End: all.length - 1 }[event.key];
    const found = to === undefined ? undefined : all[to];
    if (index < 0 || !found) return undefined;
    event.preventDefault();
    found.focus();
    return found;
}
