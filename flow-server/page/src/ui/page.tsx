/** What every view does when it comes. */
import { useEffect } from 'preact/hooks';

/** The title of the tab. */
export function useTitle(title: string): void {
    useEffect(() => { document.title = `${title} · Workflows`; }, [title]);
}

/** Puts the focus on the view's heading, so that a screen reader reads where one is. */
export function focusHeading(): void {
    requestAnimationFrame(() => document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true }));
}
