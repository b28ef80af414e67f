/** Moments and durations in words. */
import { signal } from './signals.ts';

/** The time, every second while somebody looks. */
export const now = signal(Date.now());
const tick = () => { if (document.visibilityState === 'visible') now.value = Date.now(); };
if (typeof document !== 'undefined') {
    setInterval(tick, 1000);
    document.addEventListener('visibilitychange', tick);
}

const UNITS: [ms: number, unit: Intl.RelativeTimeFormatUnit, short: string][] = [[86_400_000, 'day', 'd'], [3_600_000, 'hour', 'h'], [60_000, 'minute', 'min'], [1000, 'second', 's']];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'narrow' });
const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' });

/** `12m ago`, `in 3h`; a date if it is more than a month away. */
export function ago(time: number, at: number): string {
    const gap = time - at;
    if (Math.abs(gap) < 5000) return 'now';
    if (Math.abs(gap) > 30 * 86_400_000) return day.format(time);
    const [size, unit] = UNITS.find(([size]) => Math.abs(gap) >= size)!;
    return relative.format(Math.trunc(gap / size), unit);
}

/** The moment, to the second, with the zone. */
export function exact(time: number): string {
    return new Date(time).toLocaleString('en', { dateStyle: 'full', timeStyle: 'long' });
}

/** `10:42:07.120`. */
export function clock(time: number): string {
    const date = new Date(time);
    return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** `12 ms`, `3.4 s`, `5 min 2 s`, `2 d 4 h`. */
export function span(ms: number): string {
    if (ms < 0) ms = 0;
    if (ms < 1000) return `${Math.round(ms)} ms`;
    if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
    const first = UNITS.findIndex(([size]) => ms >= size);
    const parts = UNITS.slice(first, first + 2).map(([size, , unit], index, two) => {
        const whole = Math.floor((index ? ms % two[0]![0] : ms) / size);
        return whole ? `${whole} ${unit}` : '';
    });
    return parts.join(' ').trim();
}
