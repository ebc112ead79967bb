import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../src/app/server';

function told(status: number, headers: Record<string, string>, answer: unknown): string {
  return refusalOf(new Response(null, { status, headers }), answer).message;
}

describe('a refusal', () => {
  it('says what the server says', () => {
    const detail = 'The integration key is not known';
    expect(told(403, {}, { detail })).toBe('The integration key is not known.');
  });

  it('says when to try again', () => {
    expect(told(429, { 'Retry-After': '20' }, null)).toBe('The server is busy just now. Try again in 20 seconds.');
    expect(told(503, { 'Retry-After': '1' }, {})).toBe('The server is busy just now. Try again in 1 second.');
    for (const headers of [{}, { 'Retry-After': 'Wed, 21 Oct 2026 07:28:00 GMT' }]) {
      expect(told(503, headers as Record<string, string>, {})).toContain('in a moment');
    }
  });

  it('names every fault', () => {
    const errors = [
      { name: 'title', detail: 'is needed' },
      { name: 'archiveDays', detail: 'Expected `int` >= 1' },
    ];
    const { faults, status } = refusalOf(new Response(null, { status: 400 }), { detail: 'title: is needed', errors });
    expect(status).toBe(400);
    expect([...faults]).toEqual(errors.map(({ name, detail }) => [name, detail]));
  });

  it('has words also where a proxy answers in its own way', () => {
    for (const answer of [null, '<html>', 7, { errors: 'x', detail: 7 }]) {
      expect(told(502, {}, answer)).toBe('The server could not answer (502).');
    }
  });
});
