/** Signals: values which draw those components again that have read them. The part of `@preact/signals` that this page needs. */
import { type Component, type VNode, options } from 'preact';
import { useMemo } from 'preact/hooks';

/** The component that is being drawn. */
let reader: Component | undefined;

export class Signal<T> {
    #value: T;
    #readers = new Set<Component>();

    constructor(value: T) {
        this.#value = value;
    }

    get value(): T {
        if (reader) this.#readers.add(reader);
        return this.#value;
    }

    set value(next: T) {
        if (next === this.#value) return;
        this.#value = next;
        for (const one of this.#readers) one.forceUpdate();
        // Whoever still needs it reads it again.
        this.#readers.clear();
    }
}

export const signal = <T>(value: T) => new Signal(value);

/** A signal that lives as long as the component. */
export const useSignal = <T>(value: T) => useMemo(() => signal(value), []);

/** What Preact calls before it draws a component, by the name it has after Preact's own build. */
type Hooks = typeof options & { __r?: (vnode: VNode & { __c: Component }) => void };
const hooks: Hooks = options;
const { __r: begin, diffed: end } = hooks;
hooks.__r = vnode => {
    reader = vnode.__c;
    begin?.(vnode);
};
hooks.diffed = vnode => {
    reader = undefined;
    end?.(vnode);
};
