/** What every view does when it comes. */
import { useEffect } from 'preact/hooks';

/** The title of the tab. */
export function useTitle(title: string): void {
    useEffect(() => { document.title = `${title} · Workflows`; }, [title]);
}

/** Puts the focus on the view's heading, so that a screen reader reads where one is. */
export function focusHeading(): void {
    let left = 200;
    const look = () => {
        const heading = [...document.querySelectorAll<HTMLElement>('main h1')].find(one => one.offsetParent);
        if (heading) heading.focus({ preventScroll: true });
        else if ((left -= 1) > 0) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}
