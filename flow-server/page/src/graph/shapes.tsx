/** What the nodes of a graph look like: as in the drawings that `flow-graph` makes. */
import type { LayoutNode, Mark } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';

const CORNER = 9;
const TITLE = 30;
const ICON = 22;
const LINE = 17;

const ICONS: Record<string, string> = { card: 'gear', question: 'person', pill: 'clock', call: 'nested', frame: 'nested', bar: 'branch' };
const SIGNS: Record<string, string> = { done: 'check', working: 'play', waiting: 'pause', sleeping: 'hourglass', failed: 'cross' };
export const KINDS: Record<string, string> = { step: 'step', pause: 'question', timer: 'timer', choice: 'decision', fork: 'fork', child: 'workflow', start: 'start', end: 'end', join: 'join' };
const WORDS: Record<string, string> = { done: 'done', skipped: 'not taken', working: 'at work', sleeping: 'asleep', waiting: 'waits for an answer', failed: 'failed' };

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

function Outline({ node }: { node: LayoutNode }) {
    const { x, y, width, height, shape } = node;
    const [right, bottom, middle] = [x + width, y + height, y + height / 2];
    const rect = (name: string, by: number, round: number) => <rect class={name} x={x + by} y={y + by} width={width} height={height} rx={round} />;
    switch (shape) {
        case 'start':
        case 'pill': return rect('box', 0, height / 2);
        case 'bar': return rect('box', 0, Math.min(height / 2, 6));
        case 'end': return <><circle class="box" cx={x + width / 2} cy={middle} r={width / 2 - 1} /><circle class="core" cx={x + width / 2} cy={middle} r={width / 2 - 5} /></>;
        case 'question': {
            const cut = CORNER;
            return <path class="box" d={`M${x + cut} ${y}H${right - cut}L${right} ${y + cut}V${bottom - cut}L${right - cut} ${bottom}H${x + cut}L${x} ${bottom - cut}V${y + cut}Z`} />;
        }
        case 'decision': {
            const point = Math.min(height / 2, 18);
            return <path class="box" d={`M${x} ${middle}L${x + point} ${y}H${right - point}L${right} ${middle}L${right - point} ${bottom}H${x + point}Z`} />;
        }
        case 'call': return <>{rect('box', 0, 3)}<path class="deco" d={`M${x + 6} ${y}V${bottom}M${right - 6} ${y}V${bottom}`} /></>;
        case 'frame': return <>{rect('box', 0, CORNER)}<path class="title" d={`M${x} ${y + TITLE}V${y + CORNER}Q${x} ${y} ${x + CORNER} ${y}H${right - CORNER}Q${right} ${y} ${right} ${y + CORNER}V${y + TITLE}Z`} /></>;
        case 'lane': return <>{rect('deco', 8, CORNER)}{rect('deco', 4, CORNER)}{rect('box', 0, CORNER)}</>;
        default: return rect('box', 0, CORNER);
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
            {node.text.map((text, index) => <text key={index} class={code ? 'code' : ''} x={center} y={top + index * line}>{text}</text>)}
        </>
    );
}

function Badge({ node, mark }: { node: LayoutNode; mark: Mark }) {
    const sign = SIGNS[mark.state];
    if (!sign || node.kind === 'join' || node.shape === 'end' || node.shape === 'start') return null;
    const number = numberOf(mark);
    const width = 18 + (number ? number.length * 6 + 5 : 0);
    const x = node.x + node.width + 7 - width;
    const y = node.y - 9;
    return (
        <g class="badge">
            <rect x={x} y={y} width={width} height="18" rx="9" />
            <Icon name={sign} x={x + 4} y={y + 4} width={10} />
            {number && <text x={x + 16 + (width - 20) / 2} y={y + 13}>{number}</text>}
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
