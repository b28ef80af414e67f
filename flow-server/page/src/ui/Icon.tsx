/** Icons, drawn with lines in a square of 16. */
const PATHS: Record<string, string> = {
    runs: 'M2 4h2M2 8h2M2 12h2M6.5 4H14M6.5 8H14M6.5 12H14',
    inbox: 'M2 9.5 4 3h8l2 6.5V13H2zM2 9.5h3.5l1 2h3l1-2H14',
    play: 'M5 3.2v9.6L12.6 8z',
    sessions: 'M3 5.5h10v8H3zM5 3.5h6M5 8.5h6M5 11h3',
    copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
    check: 'M3 8.5 6.5 12 13 4.5',
    cross: 'M4 4l8 8M12 4l-8 8',
    plus: 'M8 3v10M3 8h10',
    minus: 'M3 8h10',
    warn: 'M8 2.5 14.5 13.5h-13zM8 6.5v3.2M8 11.4v.4',
    search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3 14 14',
    retry: 'M13 8a5 5 0 1 1-1.6-3.7M13.5 2v3h-3',
    fork: 'M4 2.5v11M4 8c0-2.5 8 0 8-4.5M4 3a1 1 0 1 0 0-.1M12 3a1 1 0 1 0 0-.1',
    stop: 'M4 4h8v8H4z',
    code: 'M5.5 4 2 8l3.5 4M10.5 4 14 8l-3.5 4',
    fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
    person: 'M8 2.6a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2M3 13.8c.4-2.8 2.4-4.2 5-4.2s4.6 1.4 5 4.2',
    clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 4.8V8l2.3 1.5',
    back: 'M9.5 3 4.5 8l5 5',
    theme: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
    link: 'M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2.2-2.2A2.6 2.6 0 0 0 9 3.3l-.8.8M9.2 6.8a2.6 2.6 0 0 0-3.7 0L3.3 9A2.6 2.6 0 0 0 7 12.7l.8-.8',
    edit: 'M3 13l.6-2.8L10.8 3l2.2 2.2-7.2 7.2z',
    trash: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9',
    key: 'M5.5 7.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6M7.7 8.3 13.5 2.5M11 5l2 2',
    // Of nodes of a graph.
    gear: 'M8 4.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4M8 2v2M8 12v2M2 8h2M12 8h2M3.8 3.8l1.4 1.4M10.8 10.8l1.4 1.4M12.2 3.8l-1.4 1.4M5.2 10.8l-1.4 1.4',
    nested: 'M2 2h12v12H2zM5.5 5.5h5v5h-5z',
    branch: 'M8 2v4c0 3-5 2-5 6.5M8 6c0 3 5 2 5 6.5M1 11l2 2 2-2M11 11l2 2 2-2',
    pause: 'M5 3v10M11 3v10',
    hourglass: 'M3.5 3h9l-9 10h9',
};

export function Icon({ name, width = 16, ...at }: { name: string; width?: number; x?: number; y?: number }) {
    return <svg class="icon" viewBox="0 0 16 16" width={width} height={width} aria-hidden="true" {...at}><path d={PATHS[name]} /></svg>;
}
