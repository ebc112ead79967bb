import { describe, expect, it } from 'vitest';
import { Runs } from '../../src/player/runs';
import { missingFrom, shared, united, without } from '../../src/player/spans';
import type { Entry, Span } from '../../src/player/times';

const run = (time: number, end: number): Entry => ({ time, duration: end - time, offset: 0 });
const span = (startMs: number, endMs: number): Span => ({ startMs, endMs });
const ends = (runs: Runs): number[][] => runs.list.map(({ time, duration }) => [time, time + duration]);

describe('sets of time', () => {
  it('unite what touches and leave apart what does not', () => {
    const set = united(united([span(10, 20)], span(40, 50)), span(20, 30));
    expect(set).toEqual([span(10, 30), span(40, 50)]);
    expect(united(set, span(0, 100))).toEqual([span(0, 100)]);
    expect(united(set, span(5, 5))).toEqual(set);
  });

  it('take away and tell what is missing', () => {
    const set = [span(10, 30), span(40, 50)];
    expect(without(set, span(20, 45))).toEqual([span(10, 20), span(45, 50)]);
    expect(missingFrom(set, span(0, 60))).toEqual([span(0, 10), span(30, 40), span(50, 60)]);
    expect(missingFrom(set, span(12, 28))).toEqual([]);
    expect(missingFrom([], span(5, 5))).toEqual([]);
    expect(shared(span(0, 10), span(5, 20))).toEqual(span(5, 10));
    expect(shared(span(0, 10), span(10, 20))).toBeNull();
  });

  it('agree with a set of single moments', () => {
    let state = 7;
    const random = (to: number): number => (state = (state * 48_271) % 2_147_483_647) % to;
    let set: Span[] = [];
    const moments = new Set<number>();
    for (let round = 0; round < 600; round += 1) {
      const startMs = random(90);
      const part = span(startMs, startMs + random(12));
      const isAdded = random(3) > 0;
      set = isAdded ? united(set, part) : without(set, part);
      for (let at = part.startMs; at < part.endMs; at += 1) {
        if (isAdded) moments.add(at);
        else moments.delete(at);
      }
      const held = Array.from({ length: 110 }, (_, at) => set.some((s) => s.startMs <= at && at < s.endMs));
      expect(held).toEqual(Array.from({ length: 110 }, (_, at) => moments.has(at)));
    }
  });
});

describe('runs put together', () => {
  it('are one where two answers tell of overlapping pieces, in either order', () => {
    for (const order of [0, 1]) {
      const runs = new Runs();
      const answers = [
        (): void => runs.replace(span(0, 100), [run(10, 30), run(80, 106)]),
        (): void => runs.replace(span(100, 200), [run(94, 150)]),
      ];
      answers[order]!();
      answers[1 - order]!();
      expect(ends(runs)).toEqual([
        [10, 30],
        [80, 150],
      ]);
    }
  });

  it('stay two where one begins as the other ends, also at the edge of an answer', () => {
    const runs = new Runs();
    runs.replace(span(0, 100), [run(10, 60), run(60, 100), run(100, 106)]);
    runs.replace(span(100, 200), [run(94, 100), run(100, 150)]);
    expect(ends(runs)).toEqual([
      [10, 60],
      [60, 100],
      [100, 150],
    ]);
  });

  it('give way to newer tidings: grown, gone, or gone in the middle', () => {
    const runs = new Runs();
    runs.replace(span(0, 100), [run(0, 20), run(40, 100)]);
    runs.replace(span(90, 200), [run(88, 130)]);
    expect(ends(runs)).toEqual([
      [0, 20],
      [40, 130],
    ]);
    runs.replace(span(50, 60), []);
    expect(ends(runs)).toEqual([
      [0, 20],
      [40, 50],
      [60, 130],
    ]);
    runs.replace(span(-Infinity, 70), []);
    expect(ends(runs)).toEqual([[70, 130]]);
  });

  it('are found by moment', () => {
    const runs = new Runs();
    runs.replace(span(0, 100), [run(10, 20), run(20, 30), run(50, 60)]);
    expect(runs.after(19)?.time).toBe(10);
    expect(runs.after(20)?.time).toBe(20);
    expect(runs.after(30)?.time).toBe(50);
    expect(runs.after(60)).toBeNull();
    expect(runs.before(10)).toBeNull();
    expect(runs.before(20)?.time).toBe(10);
    expect(runs.before(21)?.time).toBe(20);
    expect(runs.before(999)?.time).toBe(50);
    expect(runs.within(span(15, 50)).map(({ time }) => time)).toEqual([10, 20]);
    expect(runs.within(span(15, 51)).map(({ time }) => time)).toEqual([10, 20, 50]);
    expect([...runs.edges.starts]).toEqual([10, 20, 50]);
    runs.keep(span(25, 40));
    expect(ends(runs)).toEqual([[20, 30]]);
  });

  it('come out the same whatever the order and the spans of the answers', () => {
    const whole: Entry[] = [];
    for (let at = 0; at < 60; at += 1) whole.push(run(at * 100 + (at % 3) * 7, at * 100 + (at % 4 === 0 ? 100 : 60)));
    let state = 11;
    const random = (to: number): number => (state = (state * 48_271) % 2_147_483_647) % to;
    const runs = new Runs();
    let known: Span[] = [];
    for (let round = 0; round < 400; round += 1) {
      const asked = span(random(60) * 97, 0);
      const part = span(asked.startMs, asked.startMs + 1 + random(900));
      runs.replace(part, answer(whole, part));
      known = united(known, part);
    }
    runs.replace(span(0, 7000), answer(whole, span(0, 7000)));
    known = united(known, span(0, 7000));
    expect(ends(runs)).toEqual(whole.map(({ time, duration }) => [time, time + duration]));
  });
});

/** As the API answers: whole segments of 10 ms that overlap the span, a millisecond more on both sides. */
function answer(whole: readonly Entry[], part: Span): Entry[] {
  const [from, to] = [part.startMs - 1, part.endMs + 1];
  return whole
    .filter(({ time, duration }) => time < to && time + duration > from)
    .map(({ time, duration }) => {
      const start = from <= time ? time : time + Math.floor((from - time) / 10) * 10;
      const end = Math.min(time + duration, to >= time + duration ? Infinity : time + Math.ceil((to - time) / 10) * 10);
      return run(start, end);
    });
}
