/** The player's package: what a page gets that imports it. */
export { Archive, ArchiveError, parseSignedLink } from './archive';
export type { ArchiveErrorKind, ArchiveInfo, SignedLink, Token } from './archive';
export { FootageCalendar } from './footage-calendar';
export type { CalendarEvents } from './footage-calendar';
export { FootageTimeline } from './footage-timeline';
export type { Marks, TimelineEvents } from './footage-timeline';
export { Kept } from './kept';
export type { Landing, State } from './kept';
export { Pictures } from './pictures';
export { FootagePlayer } from './footage-player';
export type { PlayerEventMap } from './footage-player';
export type { Gap, PlaybackState } from './playback';
export type { Entry, Span } from './times';
export type { Zone } from './zone';
