/** What the nodes of a graph look like: as in the drawings that `flow-graph` makes. */
import type { LayoutNode, Mark } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';

const CORNER = 9;
const TITLE = 30;
const ICON = 22;
const LINE = 17;

const ICONS: Record<string, string> = { card: 'gear', question: 'person', pill: 'clock', call: 'nested', frame: 'nested', bar: 'branch' };
const SIGNS: Record<string, string> = { done: 'check', working: 'play', waiting: 'pause', sleeping: 'clock', failed: 'cross' };
/** Kinds of nodes that are called otherwise, and states. */
export const KINDS: Record<string, string> = { pause: 'question', choice: 'decision', child: 'workflow' };
const WORDS: Record<string, string> = { skipped: 'not taken', working: 'at work', sleeping: 'asleep', waiting: 'waits for an answer' };

/** A mark in words. */
export function inWords(mark: Mark | undefined): string {
    if (!mark || mark.state === 'ahead') return mark?.done ? `done ${mark.done} times` : 'not reached';
    const parts = [mark.state === 'sleeping' && mark.attempts ? 'waits for its next attempt' : WORDS[mark.state] ?? mark.state];
    if (mark.done > 1) parts.push(`${mark.done} times`);
    if ((mark.attempts ?? 0) > 1) parts.push(`attempt ${mark.attempts}`);
    if (mark.items) parts.push(mark.items.all === null ? `${mark.items.done} items done` : `${mark.items.done} of ${mark.items.all} items done`);
    if (mark.undone) parts.push('undone');
    return parts.join(', ');
}

/** The number at the sign of a state. */
export function numberOf(mark: Mark): string {
    if (mark.items) return mark.items.all === null ? String(mark.items.done) : `${mark.items.done}/${mark.items.all}`;
    if (mark.state === 'done') return mark.done > 1 ? `×${mark.done}` : '';
    if (mark.state === 'waiting') return (mark.pauses?.length ?? 0) > 1 ? `×${mark.pauses!.length}` : '';
    return (mark.attempts ?? 0) > 1 ? `#${mark.attempts}` : '';
}

/** Round corners where they are not as usual. */
const ROUND: Record<string, number> = { start: 99, end: 99, pill: 99, bar: 6, call: 3 };

function Outline({ node: { x, y, width, height, shape } }: { node: LayoutNode }) {
    const [right, bottom] = [x + width, y + height];
    const rect = (name: string, by = 0) => <rect class={name} x={x + by} y={y + by} width={width} height={height} rx={ROUND[shape] ?? CORNER} />;
    /** With corners cut off. */
    const cut = (wide: number, high: number) => <path class="box" d={`M${x + wide} ${y}H${right - wide}L${right} ${y + high}V${bottom - high}L${right - wide} ${bottom}H${x + wide}L${x} ${bottom - high}V${y + high}Z`} />;
    switch (shape) {
        case 'question': return cut(CORNER, CORNER);
        case 'decision': return cut(Math.min(height / 2, 18), height / 2);
        case 'end': return <>{rect('box')}<circle class="core" cx={x + width / 2} cy={y + height / 2} r={width / 2 - 5} /></>;
        case 'call': return <>{rect('box')}<path class="deco" d={`M${x + 6} ${y}V${bottom}M${right - 6} ${y}V${bottom}`} /></>;
        case 'frame': return <>{rect('box')}<path class="title" d={`M${x} ${y + TITLE}V${y + CORNER}q0-9 9-9H${right - CORNER}q9 0 9 9V${y + TITLE}`} /></>;
        case 'lane': return <>{rect('deco', 8)}{rect('deco', 4)}{rect('box')}</>;
        default: return rect('box');
    }
}

function Words({ node }: { node: LayoutNode }) {
    if (!node.text.length) return null;
    const height = node.shape === 'frame' ? TITLE : node.height;
    const icon = ICONS[node.shape];
    const code = node.shape === 'decision';
    const line = code ? 15 : LINE;
    const center = node.x + (icon ? (node.width + ICON) / 2 : node.width / 2);
    const top = node.y + (height - node.text.length * line) / 2 + line / 2 + 4;
    return (
        <>
            {icon && <Icon name={icon} x={node.x + 12} y={node.y + (height - 16) / 2} />}
            {node.text.map((text, index) => <text class={code ? 'code' : ''} x={center} y={top + index * line}> {text}</text>)}
        </>
    );
}

function Badge({ node, mark }: { node: LayoutNode; mark: Mark }) {
    const sign = SIGNS[mark.state];
    if (!sign || node.kind === 'join' || node.shape === 'end' || node.shape === 'start') return null;
    const number = numberOf(mark);
    const width = 18 + (number ? number.length * 6 + 5 : 0);
    const x = node.x + node.width + 7 - width;
    // Over a bar it would cover the words.
    const y = node.y - (node.shape === 'bar' ? 13 : 9);
    return (
        <g class="badge">
            <rect x={x} y={y} width={width} height="18" rx="9" />
            <Icon name={sign} x={x + 4} y={y + 4} width={10} />
            {number && <text x={x + 16 + (width - 20) / 2} y={y + 13}> {number}</text>}
        </g>
    );
}

/** A node with its mark. */
export function NodeShape({ node, mark }: { node: LayoutNode; mark: Mark | undefined }) {
    const state = mark?.state ?? 'ahead';
    return (
        <>
            {['working', 'waiting', 'failed'].includes(state) && <rect class="halo" x={node.x - 4} y={node.y - 4} width={node.width + 8} height={node.height + 8} rx={CORNER + 4} />}
            <Outline node={node} />
            <Words node={node} />
            {mark && node.shape !== 'lane' && <Badge node={node} mark={mark} />}
        </>
    );
}

/** A line with round corners, and its tip. */
export function lineOf(points: [number, number][]): { line: string; tip: string } {
    let line = '';
    points.forEach(([x, y], index) => {
        const before = points[index - 1], after = points[index + 1];
        if (!before || !after) return void (line += `${before ? 'L' : 'M'}${x} ${y}`);
        const length = (other: [number, number]) => Math.abs(other[0] - x) + Math.abs(other[1] - y);
        const round = Math.min(8, length(before) / 2, length(after) / 2);
        const towards = (other: [number, number]) => `${x + Math.sign(other[0] - x) * round} ${y + Math.sign(other[1] - y) * round}`;
        line += `L${towards(before)}Q${x} ${y} ${towards(after)}`;
    });
    const [from, end] = points.slice(-2);
    if (!from || !end) return { line, tip: '' };
    const right = Math.sign(end[0] - from[0]), down = Math.sign(end[1] - from[1]);
    const back = [end[0] - 8 * right, end[1] - 8 * down] as const;
    return { line, tip: `M${end[0]} ${end[1]}L${back[0] + 4 * down} ${back[1] + 4 * right}L${back[0] - 4 * down} ${back[1] - 4 * right}Z` };
}
