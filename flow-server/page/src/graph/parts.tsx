/** The parts of a graph. */
import type { LayoutEdge, LayoutNode, Mark } from '../types.ts';
import { KINDS, NodeShape, inWords, lineOf, numberOf } from './shapes.tsx';

/** Whether one can go to a node. */
export const isPlace = (node: LayoutNode): boolean => node.shape !== 'lane' && node.kind !== 'join';

export function NodeView({ node, mark, chosen, tab, pick }: { node: LayoutNode; mark: Mark | undefined; chosen: boolean; tab: boolean; pick: boolean }) {
    const state = mark?.state ?? 'ahead';
    // It begins with what can be seen.
    const name = `${[node.text.join(' ') || node.name, mark && numberOf(mark)].filter(Boolean).join(' ')}, ${KINDS[node.kind] ?? node.kind}, ${inWords(mark)}`;
    const able = pick && isPlace(node);
    return (
        <g class={`node ${node.shape} ${node.kind} is-${state}${chosen ? ' is-chosen' : ''}`} data-node={node.id} {...(able && { role: 'button', 'aria-label': name, 'aria-pressed': chosen, tabindex: tab ? 0 : -1 })}>
            <title>{[node.name, node.doc, mark && inWords(mark)].filter(Boolean).join('\n')}</title>
            <NodeShape node={node} mark={mark} />
        </g>
    );
}

export function EdgeView({ edge, taken }: { edge: LayoutEdge; taken: boolean }) {
    const { line, tip } = lineOf(edge.points);
    return <g class={taken ? 'edge is-taken' : 'edge'}><path d={line} /><path class="tip" d={tip} /></g>;
}

export function LabelView({ edge }: { edge: LayoutEdge }) {
    const { label } = edge;
    if (!label) return null;
    return (
        <g class="label">
            <title>{edge.when?.join('\n')}</title>
            <rect x={label.x} y={label.y} width={label.width} height={label.height} rx="6" />
            {label.text.map((text, line) => <text x={label.x + label.width / 2} y={label.y + 2 + line * 15 + 11.5}>{text}</text>)}
        </g>
    );
}
