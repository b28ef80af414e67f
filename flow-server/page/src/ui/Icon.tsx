/** Icons, drawn with lines in a square of 16. */
export const PATHS: Record<string, string> = {
    runs: 'M2 4h2M2 8h2M2 12h2M7 4h7M7 8h7M7 12h7',
    inbox: 'M2 9l2-6h8l2 6v4H2zM2 9h4l1 2h2l1-2h4',
    play: 'M5 3v10l8-5z',
    sessions: 'M3 6h10v8H3zM5 3h6M6 9h4M6 11h2',
    copy: 'M6 6h8v8H6zM11 6V2H2v9h4',
    check: 'M3 8l4 4 6-8',
    cross: 'M4 4l8 8M12 4l-8 8',
    plus: 'M8 3v10M3 8h10',
    minus: 'M3 8h10',
    warn: 'M8 2l7 12H1zM8 6v4M8 12h0',
    search: 'M7 3a4 4 0 1 1 0 8 4 4 0 0 1 0-8M10 10l4 4',
    retry: 'M13 8a5 5 0 1 1-2-4M14 2v3h-3',
    fork: 'M4 2v12M4 8c0-3 8 0 8-5M2 3h4M10 3h4',
    code: 'M6 4L2 8l4 4M10 4l4 4-4 4',
    fit: 'M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4',
    person: 'M8 2a3 3 0 1 1 0 6 3 3 0 0 1 0-6M3 14c0-6 10-6 10 0',
    clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 5v3l2 2',
    back: 'M10 3L5 8l5 5',
    theme: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
    link: 'M6 7L4 9a2 2 0 0 0 3 3l2-2M10 9l2-2a2 2 0 0 0-3-3L7 6M7 9l2-2',
    edit: 'M3 13l1-3 7-7 2 2-7 7z',
    trash: 'M3 4h10M6 4V2h4v2M4 4l1 10h6l1-10',
    key: 'M5 8a3 3 0 1 1 0 6 3 3 0 0 1 0-6M7 8l6-6M11 4l2 2',
    // In nodes of a graph.
    gear: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6M8 2v2M8 12v2M2 8h2M12 8h2M4 4l1 1M11 11l1 1M12 4l-1 1M5 11l-1 1',
    nested: 'M2 2h12v12H2zM6 6h4v4H6z',
    branch: 'M8 2v4c0 3-5 2-5 7M8 6c0 3 5 2 5 7M1 11l2 2 2-2M11 11l2 2 2-2',
    pause: 'M5 3v10M11 3v10',
};

export function Icon({ name, width = 16, ...at }: { name: string; width?: number; x?: number; y?: number }) {
    return <svg class="icon" viewBox="0 0 16 16" width={width} height={width} aria-hidden="true" {...at}><path d={PATHS[name]} /></svg>;
}
