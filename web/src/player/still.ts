/** Shows the picture of a moment where the video can't be played: the archive makes one of any footage. */
import { ArchiveError, isAbort, type Archive } from './archive';

const WIDTH_PX = 1280;

export class Still {
  readonly #canvas: HTMLCanvasElement;
  #fetching = new AbortController();

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  get isShown(): boolean {
    return !this.#canvas.hidden;
  }

  /** The picture as it is drawn. */
  get image(): HTMLCanvasElement {
    return this.#canvas;
  }

  /** Shows the picture of a moment, unless another is asked for before; tells whether it did. */
  async show(archive: Archive, timeMs: number): Promise<boolean> {
    this.#fetching.abort();
    const { signal } = (this.#fetching = new AbortController());
    try {
      const { jpeg } = await archive.picture(timeMs, WIDTH_PX, signal);
      const image = await createImageBitmap(jpeg);
      if (!signal.aborted) this.#draw(image);
      image.close();
      return !signal.aborted;
    } catch (error) {
      // The player has told already what is wrong; a picture less makes it no worse.
      if (error instanceof ArchiveError || isAbort(error) || error instanceof DOMException) return false;
      throw error;
    }
  }

  hide(): void {
    this.#fetching.abort();
    this.#canvas.hidden = true;
  }

  #draw(image: ImageBitmap): void {
    this.#canvas.width = image.width;
    this.#canvas.height = image.height;
    this.#canvas.getContext('2d')!.drawImage(image, 0, 0);
    this.#canvas.hidden = false;
  }
}
