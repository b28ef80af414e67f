/** A workflow's graph, and where a run stands in it: to be moved, zoomed, and walked through with the keyboard. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { Component, type FunctionComponent } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Graph, LayoutEdge, LayoutNode, Mark } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { NodeShape, inWords, lineOf, numberOf } from './shapes.tsx';

interface Props {
    graph: Graph;
    /** The chosen node. */
    chosen?: string | null;
    choose?: (id: string | null) => void;
}

const isFrame = (node: LayoutNode) => node.shape === 'frame' || node.shape === 'lane';
const KINDS: Record<string, string> = { step: 'step', pause: 'question', timer: 'timer', choice: 'decision', fork: 'fork', child: 'workflow', start: 'start', end: 'end', join: 'join' };

/** A part that is drawn again only if one of its properties has changed; functions do not count. */
function memo<P extends object>(view: FunctionComponent<P>) {
    return class extends Component<P> {
        override shouldComponentUpdate(next: P) {
            return Object.entries(next).some(([name, value]) => name !== 'mark' && value !== this.props[name as keyof P]);
        }
        render() {
            return view(this.props);
        }
    };
}

const NodeView = memo(function NodeView({ node, mark, chosen, tab, pick }: { node: LayoutNode; mark: Mark | undefined; chosen: boolean; tab: boolean; pick: boolean; seen: string }) {
    const state = mark?.state ?? 'ahead';
    // It begins with what can be seen.
    const name = `${[node.text.join(' ') || node.name, mark && numberOf(mark)].filter(Boolean).join(' ')}, ${KINDS[node.kind] ?? node.kind}, ${inWords(mark)}`;
    const able = pick && node.shape !== 'lane' && node.kind !== 'join';
    return (
        <g class={`node ${node.shape} ${node.kind} is-${state}${chosen ? ' is-chosen' : ''}`} data-node={node.id} role={able ? 'button' : undefined} aria-label={able ? name : undefined} aria-pressed={able ? chosen : undefined} tabindex={able ? (tab ? 0 : -1) : undefined}>
            <title>{[node.name, node.doc, mark && inWords(mark)].filter(Boolean).join('\n')}</title>
            <NodeShape node={node} mark={mark} />
        </g>
    );
});

const EdgeView = memo(function EdgeView({ edge, taken }: { edge: LayoutEdge; taken: boolean }) {
    const { line, tip } = lineOf(edge.points);
    return <g class={taken ? 'edge is-taken' : 'edge'}><path d={line} /><path class="tip" d={tip} /></g>;
});

const LabelView = memo(function LabelView({ edge }: { edge: LayoutEdge }) {
    const { label } = edge;
    if (!label) return null;
    return (
        <g class="label">
            <title>{edge.when?.join('\n')}</title>
            <rect x={label.x} y={label.y} width={label.width} height={label.height} rx="6" />
            {label.text.map((text, line) => <text key={line} x={label.x + label.width / 2} y={label.y + 2 + line * 15 + 11.5}>{text}</text>)}
        </g>
    );
});

export function GraphView({ graph, chosen = null, choose }: Props) {
    const { layout, standing } = graph;
    const frame = useRef<HTMLDivElement>(null);
    const svg = useRef<SVGSVGElement>(null);
    const drawing = useRef<SVGGElement>(null);
    /** Where the drawing is in its frame, and how large. */
    const view = useSignal({ x: 0, y: 0, scale: 1 });
    const walked = useSignal<string | null>(null);
    const pick = !!choose;
    const size = () => ({ width: frame.current?.clientWidth ?? 1, height: frame.current?.clientHeight ?? 1 });
    const marks = standing?.nodes ?? {};
    const taken = useMemo(() => new Set(standing?.taken?.map(([from, to]) => `${from} ${to}`) ?? []), [standing]);
    const walkable = useMemo(() => layout.nodes.filter(node => node.shape !== 'lane' && node.kind !== 'join'), [layout]);

    const limit = (scale: number) => Math.min(2.5, Math.max(0.02, scale));
    const zoom = (factor: number, at?: { x: number; y: number }) => {
        const { x, y, scale } = view.value;
        const { width, height } = size();
        const point = at ?? { x: width / 2, y: height / 2 };
        const next = limit(scale * factor);
        const by = next / scale;
        view.value = { scale: next, x: point.x - (point.x - x) * by, y: point.y - (point.y - y) * by };
    };
    /** Some of it stays in sight. */
    const move = (dx: number, dy: number) => {
        const { x, y, scale } = view.value;
        const { width, height } = size();
        const keep = (at: number, length: number, room: number) => Math.min(room - 60, Math.max(60 - length * scale, at));
        view.value = { scale, x: keep(x + dx, layout.width, width), y: keep(y + dy, layout.height, height) };
    };
    const fit = (whole: boolean) => {
        const { width, height: all } = size();
        // Where it is narrow the buttons would stand on it.
        const height = all - (width < 500 ? 48 : 0);
        const fits = Math.min(width / layout.width, height / layout.height);
        const scale = whole ? Math.min(1, fits) : limit(Math.min(1, Math.max(fits, Math.min(0.75, width / layout.width))));
        const tall = layout.height * scale > height;
        view.value = { scale, x: (width - layout.width * scale) / 2, y: tall ? 0 : Math.max(0, (height - layout.height * scale) / 2) };
        if (tall && !whole) {
            const now = layout.nodes.find(node => ['working', 'waiting', 'failed'].includes(marks[node.id]?.state ?? ''));
            if (now) show(now);
        }
    };
    const show = (node: LayoutNode) => {
        const { x, y, scale } = view.value;
        const { width, height } = size();
        const left = node.x * scale + x, top = node.y * scale + y;
        const dx = left < 20 ? 20 - left : left + node.width * scale > width - 20 ? width - 20 - left - node.width * scale : 0;
        const dy = top < 30 ? 30 - top : top + node.height * scale > height - 30 ? height / 2 - top : 0;
        if (dx || dy) view.value = { scale, x: x + dx, y: y + dy };
    };

    useLayoutEffect(() => fit(false), [layout.name, layout.nodes.length]);
    useEffect(() => {
        const element = frame.current!;
        let before = element.clientWidth;
        const watch = new ResizeObserver(() => { if (Math.abs(element.clientWidth - before) > 40) before = element.clientWidth, fit(false); });
        watch.observe(element);
        const wheel = (event: WheelEvent) => {
            const all = layout.height * view.value.scale <= element.clientHeight && layout.width * view.value.scale <= element.clientWidth;
            if (event.ctrlKey || event.metaKey) {
                event.preventDefault();
                const box = element.getBoundingClientRect();
                zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.004)), { x: event.clientX - box.left, y: event.clientY - box.top });
            } else if (!all) {
                const { y } = view.value;
                move(-event.deltaX - (event.shiftKey ? event.deltaY : 0), event.shiftKey ? 0 : -event.deltaY);
                // At its end the wheel is the page's again.
                if (view.value.y !== y) event.preventDefault();
            }
        };
        element.addEventListener('wheel', wheel, { passive: false });
        return () => { watch.disconnect(); element.removeEventListener('wheel', wheel); };
    }, [layout]);

    const pointers = useRef(new Map<number, { x: number; y: number }>());
    const moved = useRef(0);
    const down = (event: PointerEvent) => {
        if (event.button !== 0) return;
        pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
        moved.current = 0;
    };
    const drag = (event: PointerEvent) => {
        const all = pointers.current;
        const before = all.get(event.pointerId);
        if (!before) return;
        const here = { x: event.clientX, y: event.clientY };
        moved.current += Math.abs(here.x - before.x) + Math.abs(here.y - before.y);
        if (moved.current > 4) frame.current?.setPointerCapture(event.pointerId);
        const [first, second] = [...all.entries()];
        if (first && second) {
            const other = first[0] === event.pointerId ? second[1] : first[1];
            const box = frame.current!.getBoundingClientRect();
            const gap = (from: { x: number; y: number }) => Math.hypot(from.x - other.x, from.y - other.y) || 1;
            zoom(gap(here) / gap(before), { x: (here.x + other.x) / 2 - box.left, y: (here.y + other.y) / 2 - box.top });
        } else if (moved.current > 4) move(here.x - before.x, here.y - before.y);
        all.set(event.pointerId, here);
    };
    const up = (event: PointerEvent) => void pointers.current.delete(event.pointerId);
    const click = (event: MouseEvent) => {
        if (moved.current > 4 || !choose) return;
        const id = (event.target as Element).closest('[data-node]')?.getAttribute('data-node') ?? null;
        const node = layout.nodes.find(node => node.id === id);
        choose(node && node.shape !== 'lane' && node.id !== chosen ? node.id : null);
    };

    const focusNode = (node: LayoutNode | undefined) => {
        if (!node) return;
        walked.value = node.id;
        show(node);
        requestAnimationFrame(() => svg.current?.querySelector<SVGGElement>(`[data-node="${CSS.escape(node.id)}"][role=button]`)?.focus());
    };
    const key = (event: KeyboardEvent) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const id = (event.target as Element).closest('[data-node]')?.getAttribute('data-node');
        const here = walkable.find(node => node.id === id);
        const acts: Record<string, () => void> = { '+': () => zoom(1.25), '=': () => zoom(1.25), '-': () => zoom(0.8), '0': () => fit(true), f: () => fit(true) };
        if (here) {
            const middle = (node: LayoutNode) => [node.x + node.width / 2, node.y + node.height / 2] as const;
            const nearest = (dx: number, dy: number) => {
                const [x, y] = middle(here);
                const rated = walkable.filter(node => node !== here && !isFrame(node)).map(node => {
                    const [ox, oy] = middle(node);
                    const along = (ox - x) * dx + (oy - y) * dy, across = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
                    return { node, along, cost: along + 2 * across };
                });
                return rated.filter(({ along }) => along > 4).sort((left, right) => left.cost - right.cost)[0]?.node;
            };
            Object.assign(acts, {
                ArrowDown: () => focusNode(nearest(0, 1)),
                ArrowUp: () => focusNode(nearest(0, -1)),
                ArrowRight: () => focusNode(nearest(1, 0)),
                ArrowLeft: () => focusNode(nearest(-1, 0)),
                Home: () => focusNode(walkable[0]),
                End: () => focusNode(walkable.at(-1)),
                Enter: () => choose?.(here.id === chosen ? null : here.id),
                ' ': () => choose?.(here.id === chosen ? null : here.id),
                Escape: () => choose?.(null),
            });
        }
        const act = acts[event.key];
        if (act) event.preventDefault(), act();
    };

    // Not by drawing all of it again.
    useSignalEffect(() => {
        const { x, y, scale } = view.value;
        drawing.current?.setAttribute('transform', `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scale.toFixed(4)})`);
    });
    const tab = chosen ?? walked.value ?? walkable[0]?.id;
    const node = (one: LayoutNode) => <NodeView key={one.id} node={one} mark={marks[one.id]} seen={JSON.stringify(marks[one.id] ?? null)} chosen={one.id === chosen} tab={one.id === tab} pick={pick} />;
    const lines = layout.edges.map((edge, index) => ({ edge, index, is: taken.has(`${edge.from} ${edge.to}`) }));
    return (
        <div class="graph" onKeyDown={key}>
            <div class="graph-frame" ref={frame} onPointerDown={down} onPointerMove={drag} onPointerUp={up} onPointerCancel={up} onClick={click}>
                <svg ref={svg} width="100%" height="100%" role="group" aria-label={`Graph of ${layout.name}${pick ? ': arrow keys go from node to node' : ''}`}>
                    <g ref={drawing}>
                        {layout.nodes.filter(isFrame).map(node)}
                        {lines.filter(line => !line.is).map(({ edge, index }) => <EdgeView key={index} edge={edge} taken={false} />)}
                        {lines.filter(line => line.is).map(({ edge, index }) => <EdgeView key={index} edge={edge} taken />)}
                        {layout.edges.map((edge, index) => <LabelView key={index} edge={edge} />)}
                        {layout.nodes.filter(one => !isFrame(one)).map(node)}
                    </g>
                </svg>
            </div>
            <div class="graph-tools" role="group" aria-label="View of the graph">
                <button type="button" class="icon-button" aria-label="Zoom in" title="Zoom in (+)" onClick={() => zoom(1.25)}><Icon name="plus" /></button>
                <button type="button" class="icon-button" aria-label="Zoom out" title="Zoom out (-)" onClick={() => zoom(0.8)}><Icon name="minus" /></button>
                <button type="button" class="icon-button" aria-label="Show all of it" title="Show all of it (0)" onClick={() => fit(true)}><Icon name="fit" /></button>
            </div>
        </div>
    );
}
