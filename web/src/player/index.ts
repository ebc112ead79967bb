/** The player's package: what a page gets that imports it. */
export { Archive, ArchiveError, parseSignedLink } from './archive';
export type { ArchiveErrorKind, ArchiveInfo, SignedLink, Token } from './archive';
export type { Entry, Span } from './times';
