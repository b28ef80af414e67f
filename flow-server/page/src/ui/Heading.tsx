/** The heading of a view, which is the title of the tab too. */
import type { ComponentProps } from 'preact';
import { useEffect, useRef } from '../hooks.ts';

let first = true;

/** It takes the focus when its view comes, so that a screen reader reads where one is; but not when the page has just been opened. */
export function Heading({ title, children = title, ...more }: ComponentProps<'h1'> & { title: string }) {
    const heading = useRef<HTMLHeadingElement | null>(null);
    useEffect(() => { document.title = `${title} · Workflows`; }, [title]);
    useEffect(() => {
        if (!first) {
            scrollTo(0, 0);
            heading.current!.focus({ preventScroll: true });
        }
        first = false;
    }, []);
    return <h1 ref={heading} tabIndex={-1} {...more}>{children}</h1>;
}
