/** Hands the reel's playlist to hls.js whenever it asks for one, in the place of a loader that fetches. */
import { LoadStats, type Loader, type LoaderCallbacks, type LoaderConfiguration, type PlaylistLoaderContext } from 'hls.js';

type Stats = InstanceType<typeof LoadStats>;

/**
 * A loader class for hls.js's `pLoader`. `text` may first look for more footage; it never fails, for a
 * playlist that did not grow is an honest answer to a network that is away.
 */
export function reelLoader(text: () => Promise<string>): new () => Loader<PlaylistLoaderContext> {
  return class implements Loader<PlaylistLoaderContext> {
    context: PlaylistLoaderContext | null = null;
    stats: Stats = new LoadStats();
    #isWanted = true;

    load(
      context: PlaylistLoaderContext,
      _config: LoaderConfiguration,
      callbacks: LoaderCallbacks<PlaylistLoaderContext>,
    ): void {
      this.context = context;
      this.stats.loading.start = performance.now();
      void text().then((data) => {
        if (!this.#isWanted) return;
        const now = performance.now();
        Object.assign(this.stats, { loaded: data.length, total: data.length });
        Object.assign(this.stats.loading, { first: now, end: now });
        callbacks.onSuccess({ url: context.url, data, code: 200 }, this.stats, context, null);
      });
    }

    abort(): void {
      this.#isWanted = false;
      this.stats.aborted = true;
    }

    destroy(): void {
      this.#isWanted = false;
    }
  };
}
