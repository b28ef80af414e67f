/** The page's sign, as an image. */
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="#fff" stroke-linecap="round"><rect width="16" height="16" rx="4" fill="#2f5fc0" stroke="none"/><path d="M8 4v2c0 3-4 2-4 5M8 6c0 3 4 2 4 5"/><path d="M8 4h0M4 11h0M12 11h0" stroke-width="3"/></svg>`;

export const LOGO = `data:image/svg+xml,${encodeURIComponent(SVG)}`;
