/** Signals: values which draw those components again that have read them. The part of `@preact/signals` that this page needs. */
import type { Component } from 'preact';
import { drawn, useMemo } from './hooks.ts';

export class Signal<T> {
    #value: T;
    #readers = new Set<Component>();

    constructor(value: T) {
        this.#value = value;
    }

    get value(): T {
        if (drawn) this.#readers.add(drawn);
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
