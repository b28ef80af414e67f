/** Which node is the next one in a direction. */
import type { LayoutNode } from '../types.ts';

const middle = (node: LayoutNode) => [node.x + node.width / 2, node.y + node.height / 2] as const;

/** The nearest one in the direction (dx, dy); what lies to the side counts twice. */
export function nearest(here: LayoutNode, nodes: LayoutNode[], dx: number, dy: number): LayoutNode | undefined {
    const [x, y] = middle(here);
    const rated = nodes.map(node => {
        const [ox, oy] = middle(node);
        const along = (ox - x) * dx + (oy - y) * dy;
        return { node, along, cost: along + 2 * Math.abs((ox - x) * dy + (oy - y) * dx) };
    });
    return rated.filter(({ along }) => along > 4).sort((left, right) => left.cost - right.cost)[0]?.node;
}
