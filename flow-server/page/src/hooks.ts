/** What a component keeps from one drawing to the next, as with `preact/hooks`, of which this page needs little. */
import { type Component, type VNode, options } from 'preact';

interface Kept {
    on?: readonly unknown[];
    value?: unknown;
    end?: (() => void) | void;
}

type Drawn = Component & { kept?: Kept[] };
/** `__r` is called before a component is drawn, and `__c` is the component: so they are called after Preact's own build. */
type Vnode = VNode & { __c?: Drawn };
const hooks: typeof options & { __r?: (vnode: Vnode) => void } = options;

/** The component that is being drawn. */
export let drawn: Drawn | undefined;
let next = 0;

hooks.__r = vnode => {
    drawn = vnode.__c;
    next = 0;
};
hooks.diffed = () => { drawn = undefined; };
hooks.unmount = (vnode: Vnode) => {
    for (const kept of vnode.__c?.kept ?? []) {
        kept.on = [kept];
        kept.end?.();
    }
};

/** What is kept by this call, and whether that on which it depends has changed. */
function keep(on: readonly unknown[]): [Kept, boolean] {
    const all = (drawn!.kept ??= []);
    const kept = (all[next++] ??= {});
    const changed = !kept.on || on.some((one, index) => one !== kept.on![index]);
    if (changed) kept.on = on;
    return [kept, changed];
}

/** A value that is made anew only if that on which it depends has changed. */
export function useMemo<T>(make: () => T, on: readonly unknown[]): T {
    const [kept, changed] = keep(on);
    if (changed) kept.value = make();
    return kept.value as T;
}

export const useRef = <T>(current: T) => useMemo(() => ({ current }), []);

/** Acts when the drawing is in the page, and again whenever that on which it depends has changed. What it returns ends it. */
export function useEffect(act: () => (() => void) | void, on: readonly unknown[]): void {
    const [kept, changed] = keep(on);
    if (!changed) return;
    queueMicrotask(() => {
        // Something newer has come, or the component has gone.
        if (kept.on !== on) return;
        kept.end?.();
        kept.end = act();
    });
}
