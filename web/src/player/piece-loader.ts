/**
 * Fetches pieces for hls.js, and keeps from it what this browser can't play: handed on, it would take
 * down the media element, and with it the pictures that are still to be shown before.
 */
import Hls, { type Loader, type LoaderContext } from 'hls.js';
import { videoTypeOf } from './stream-types';

/** The status of such a piece: that of HTTP for a media type that nobody understands. */
export const UNPLAYABLE = 415;

type Load = Loader<LoaderContext>['load'];

export class PieceLoader extends Hls.DefaultConfig.loader {
  override load(...[context, config, callbacks]: Parameters<Load>): void {
    super.load(context, config, {
      ...callbacks,
      onSuccess: (response, stats, of, details) => {
        const type = response.data instanceof ArrayBuffer ? videoTypeOf(new Uint8Array(response.data)) : null;
        if (type === null || MediaSource.isTypeSupported(type)) callbacks.onSuccess(response, stats, of, details);
        else callbacks.onError({ code: UNPLAYABLE, text: type }, of, details, stats);
      },
    });
  }
}
