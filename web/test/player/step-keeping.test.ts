import { describe, expect, it } from 'vitest';
import { correctionOf, isHeld, Lag, leapOf, Patience, type Stand, type Standing } from '../../src/player/step-keeping';
import { WallClock } from '../../src/player/wall-clock';

const T = Date.UTC(2026, 2, 1);

describe('the clock of a wall', () => {
  it('stands until it runs', () => {
    const clock = new WallClock();
    clock.set(T, 1000);
    expect(clock.timeMs(5000)).toBe(T);
    clock.run(true, 5000);
    expect(clock.timeMs(6500)).toBe(T + 1500);
    clock.run(false, 7000);
    expect(clock.timeMs(9000)).toBe(T + 2000);
  });

  it('keeps its moment when its speed changes', () => {
    const clock = new WallClock();
    clock.set(T, 0);
    clock.run(true, 0);
    clock.setRate(4, 1000);
    expect(clock.timeMs(1000)).toBe(T + 1000);
    expect(clock.timeMs(2000)).toBe(T + 5000);
  });

  it('goes on from where it is set', () => {
    const clock = new WallClock();
    clock.set(T, 0);
    clock.run(true, 0);
    clock.set(T + 60_000, 500);
    expect(clock.timeMs(700)).toBe(T + 60_200);
  });
});

describe('a correction', () => {
  it('leaves a tile in step alone', () => {
    for (const rate of [0.25, 1, 4, 16]) {
      expect(correctionOf(0, rate)).toEqual({ kind: 'play', rate });
      expect(correctionOf(3 * rate, rate)).toEqual({ kind: 'play', rate });
    }
  });

  it('takes small lags out by a nudge to the right side, within its bounds', () => {
    for (const rate of [0.25, 0.5, 1, 2, 4, 8]) {
      for (const lagMs of [20, 80, 150, 400]) {
        const behind = correctionOf(lagMs * rate, rate);
        if (behind.kind !== 'play') throw new Error(`${lagMs} at ${rate}: ${behind.kind}`);
        expect(behind.rate).toBeGreaterThan(rate);
        expect(behind.rate).toBeLessThanOrEqual(rate * 1.5 + 1e-9);
      }
      const ahead = correctionOf(-90 * rate, rate);
      if (ahead.kind !== 'play') throw new Error(`ahead at ${rate}: ${ahead.kind}`);
      expect(ahead.rate).toBeLessThan(rate);
    }
  });

  it('never asks for more than a browser can do', () => {
    expect(correctionOf(4000, 16)).toEqual({ kind: 'play', rate: 16 });
  });

  it('seeks where a tile is far behind and waits where it is far ahead', () => {
    expect(correctionOf(5000, 1).kind).toBe('seek');
    expect(correctionOf(2000, 4).kind).toBe('play');
    expect(correctionOf(20_000, 4).kind).toBe('seek');
    expect(correctionOf(-250, 1).kind).toBe('wait');
    expect(correctionOf(-30_000, 4).kind).toBe('wait');
  });

  it('brings every lag down to nothing', () => {
    for (const rate of [0.5, 1, 4]) {
      let lagMs = 600 * rate;
      for (let tick = 0; tick < 200; tick += 1) {
        const correction = correctionOf(lagMs, rate);
        if (correction.kind !== 'play') throw new Error(correction.kind);
        lagMs -= (correction.rate - rate) * 50;
      }
      expect(Math.abs(lagMs)).toBeLessThan(20 * rate);
    }
  });
});

describe('a measured lag', () => {
  it('takes the jitter out and follows a leap at once', () => {
    const lag = new Lag();
    expect(lag.ms).toBeNull();
    for (let count = 0; count < 40; count += 1) lag.measured(count % 2 === 0 ? 60 : 100);
    expect(lag.ms).toBeGreaterThan(70);
    expect(lag.ms).toBeLessThan(90);
    lag.measured(9000);
    expect(lag.ms).toBe(9000);
    lag.forget();
    expect(lag.ms).toBeNull();
  });
});

describe('patience', () => {
  it('lasts for a hiccup and comes back with good conduct', () => {
    const patience = new Patience();
    patience.passed(2000, true);
    expect(patience.isLeft).toBe(true);
    patience.passed(1000, true);
    expect(patience.isLeft).toBe(false);
    patience.passed(10_000, false);
    expect(patience.isLeft).toBe(true);
    patience.passed(1000, true);
    expect(patience.isLeft).toBe(false);
    patience.renew();
    expect(patience.isLeft).toBe(true);
  });
});

/** A tile with which patience is not spent, or spent by so many ms of being late. */
function tile(standing: Standing, spentMs = 0, rest: Partial<Stand> = {}): Stand {
  const patience = new Patience();
  patience.passed(spentMs, true);
  return { standing, patience, hasFootage: standing === 'in-step', nextMs: null, ...rest };
}

const gap = (nextMs: number | null): Stand => tile('gap', 0, { nextMs });

describe('a held clock', () => {
  it('waits for a late tile while patience with it lasts', () => {
    expect(isHeld([tile('in-step'), tile('late')])).toBe(true);
    expect(isHeld([tile('in-step'), tile('late', 3000)])).toBe(false);
  });

  it('waits longer where none plays, but not for good', () => {
    expect(isHeld([tile('gap'), tile('late', 3000)])).toBe(true);
    expect(isHeld([tile('gap'), tile('late', 16_000)])).toBe(false);
  });

  it('waits for good where all are late, and for none that failed', () => {
    expect(isHeld([tile('late', 16_000), tile('late', 16_000), tile('failed')])).toBe(true);
    expect(isHeld([tile('in-step'), tile('failed')])).toBe(false);
    expect(isHeld([tile('failed')])).toBe(false);
  });
});

describe('a leap', () => {
  it('goes to the next footage of any once none has any', () => {
    expect(leapOf([gap(900), gap(500)])).toBe(500);
    expect(leapOf([gap(900), tile('in-step')])).toBeNull();
    expect(leapOf([gap(Infinity), gap(Infinity)])).toBe(Infinity);
  });

  it('never passes over footage that is only slow to come', () => {
    expect(leapOf([gap(900), tile('late', 16_000, { hasFootage: true })])).toBeNull();
  });

  it('waits for what is not known yet, not for what does not answer', () => {
    expect(leapOf([gap(900), gap(null)])).toBeNull();
    expect(leapOf([gap(900), tile('late', 3000)])).toBeNull();
    expect(leapOf([gap(900), tile('late', 16_000), tile('failed')])).toBe(900);
    expect(leapOf([tile('failed')])).toBeNull();
  });
});
