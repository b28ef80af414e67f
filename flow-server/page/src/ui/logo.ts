/** The page's sign, as an image: a fork in its colour. */
import { PATHS } from './Icon.tsx';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-3 -3 22 22" fill="none" stroke="#fff" stroke-width="2"><rect x="-3" y="-3" width="22" height="22" rx="5" fill="#2f5fc0" stroke="none"/><path d="${PATHS.branch}"/></svg>`;

export const LOGO = `data:image/svg+xml,${encodeURIComponent(SVG)}`;
