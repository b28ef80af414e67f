/** What the build puts where TSX stands. */
export { Fragment, h } from 'preact';
