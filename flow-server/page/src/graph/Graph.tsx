/** A workflow's graph, and where a run stands in it: to be moved, zoomed, and walked through with the keyboard. */
import { useSignal } from '../signals.ts';
import { useEffect, useRef } from '../hooks.ts';
import type { Graph, LayoutNode } from '../types.ts';
import { Button } from '../ui/Button.tsx';
import { nearest } from './near.ts';
import { EdgeView, LabelView, NodeView, isPlace } from './parts.tsx';

interface Props {
    graph: Graph;
    /** The chosen node. */
    chosen?: string | null;
    choose?: (id: string | null) => void;
}

const isFrame = (node: LayoutNode) => node.shape === 'frame' || node.shape === 'lane';
const idAt = ({ target }: Event) => (target as Element).closest('[data-node]')?.getAttribute('data-node');
/** The drawing scrolls by itself; a movement of the mouse that is longer than this, in pixels, scrolls it too and is no click. */
const DRAG = 4;

export function GraphView({ graph, chosen = null, choose }: Props) {
    const { layout, standing } = graph;
    const frame = useRef<HTMLDivElement | null>(null);
    const svg = useRef<SVGSVGElement | null>(null);
    const scale = useRef(1);
    const walked = useSignal<string | null>(null);
    const marks = standing?.nodes ?? {};
    const taken = new Set(standing?.taken?.map(([from, to]) => `${from} ${to}`));
    const places = layout.nodes.filter(isPlace);

    // Not by drawing all of it again.
    const resize = (wanted: number) => {
        scale.current = Math.min(2.5, Math.max(0.02, wanted));
        for (const side of ['width', 'height'] as const) svg.current!.setAttribute(side, String(layout[side] * scale.current));
    };
    /** The point of the frame, its middle if none is given, stays where it is. */
    const zoom = (factor: number, clientX?: number, clientY?: number) => {
        const element = frame.current!;
        const box = element.getBoundingClientRect();
        const x = clientX === undefined ? box.width / 2 : clientX - box.left;
        const y = clientY === undefined ? box.height / 2 : clientY - box.top;
        const before = scale.current;
        resize(before * factor);
        const by = scale.current / before;
        element.scrollTo((element.scrollLeft + x) * by - x, (element.scrollTop + y) * by - y);
    };
    const fit = (whole: boolean) => {
        const { clientWidth: width, clientHeight: height } = frame.current!;
        const wide = width / layout.width;
        const fits = Math.min(1, wide, height / layout.height);
        resize(whole ? fits : Math.min(1, Math.max(fits, Math.min(0.75, wide))));
        const now = layout.nodes.find(node => /working|waiting|failed/.test(marks[node.id]?.state ?? ''));
        if (now && !whole) frame.current!.scrollTo(now.x * scale.current - width / 2, now.y * scale.current - height / 2);
    };
    useEffect(() => {
        let before = 0;
        const watch = new ResizeObserver(([entry]) => {
            const { width } = entry!.contentRect;
            if (Math.abs(width - before) <= 40) return;
            before = width;
            fit(false);
        });
        watch.observe(frame.current!);
        return () => watch.disconnect();
    }, [layout.name, layout.nodes.length]);

    const moved = useRef(0);
    const drag = (event: PointerEvent) => {
        if (event.pointerType !== 'mouse' || event.buttons !== 1) return;
        moved.current += Math.abs(event.movementX) + Math.abs(event.movementY);
        if (moved.current <= DRAG) return;
        frame.current!.setPointerCapture(event.pointerId);
        frame.current!.scrollBy(-event.movementX, -event.movementY);
    };
    const gap = useRef(0);
    const pinch = ({ touches: [one, other] }: TouchEvent) => {
        const before = gap.current;
        gap.current = one && other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 0;
        if (before && one && other) zoom(gap.current / before, (one.clientX + other.clientX) / 2, (one.clientY + other.clientY) / 2);
    };
    const wheel = (event: WheelEvent) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.004)), event.clientX, event.clientY);
    };
    const click = (event: MouseEvent) => {
        if (moved.current > DRAG) return;
        const node = layout.nodes.find(node => node.id === idAt(event) && node.shape !== 'lane');
        choose?.(node && node.id !== chosen ? node.id : null);
    };
    const key = (event: KeyboardEvent) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const here = places.find(node => node.id === idAt(event));
        const focus = (node: LayoutNode | undefined) => () => {
            if (!node) return;
            walked.value = node.id;
            svg.current!.querySelector<SVGGElement>(`[data-node="${CSS.escape(node.id)}"]`)!.focus();
        };
        const near = (dx: number, dy: number) => focus(here && nearest(here, places.filter(node => !isFrame(node)), dx, dy));
        const flip = () => choose?.(!here || here.id === chosen ? null : here.id);
        const larger = () => zoom(1.25), all = () => fit(true);
        const act = {
            '+': larger, '=': larger, '-': () => zoom(0.8), 0: all, f: all,
            ...(here && { ArrowDown: near(0, 1), ArrowUp: near(0, -1), ArrowRight: near(1, 0), ArrowLeft: near(-1, 0), Home: focus(places[0]), End: focus(places.at(-1)), Enter: flip, ' ': flip, Escape: () => choose?.(null) }),
        }[event.key];
        if (act) event.preventDefault(), act();
    };

    const tab = chosen ?? walked.value ?? places[0]?.id;
    const draw = (frames: boolean) => layout.nodes.filter(node => isFrame(node) === frames).map(node => <NodeView key={node.id} node={node} mark={marks[node.id]} chosen={node.id === chosen} tab={node.id === tab} pick={!!choose} />);
    const lines = (way: boolean) => layout.edges.map(edge => taken.has(`${edge.from} ${edge.to}`) === way && <EdgeView edge={edge} taken={way} />);
    return (
        <div class="graph" onKeyDown={key}>
            <div class="graph-frame" ref={frame} tabIndex={choose ? undefined : 0} role="group" aria-label={`Graph of ${layout.name}${choose ? ': arrow keys go from node to node' : ''}`} onPointerDown={() => { moved.current = 0; }} onPointerMove={drag} onClick={click} onWheel={wheel} onTouchMove={pinch} onTouchEnd={pinch}>
                <svg ref={svg} width="0" viewBox={`0 0 ${layout.width} ${layout.height}`}>
                    {draw(true)}
                    {lines(false)}
                    {lines(true)}
                    {layout.edges.map(edge => <LabelView edge={edge} />)}
                    {draw(false)}
                </svg>
            </div>
            <div class="graph-tools" role="group" aria-label="View of the graph">
                <Button label="Zoom in" title="Zoom in (+)" icon="plus" onClick={() => zoom(1.25)} />
                <Button label="Zoom out" title="Zoom out (-)" icon="minus" onClick={() => zoom(0.8)} />
                <Button label="Show all of it" title="Show all of it (0)" icon="fit" onClick={() => fit(true)} />
            </div>
        </div>
    );
}
