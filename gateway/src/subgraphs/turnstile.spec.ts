import { describe, expect, it } from '@jest/globals';
import { Turnstile } from './turnstile.ts';

const patient = new AbortController().signal;

describe('the turnstile', () => {
  it('lets as many in as there are places, in the order in which they came, and sheds beyond the queue', async () => {
    const turnstile = new Turnstile(2, 2);
    const first = await turnstile.enter(patient);
    await turnstile.enter(patient);
    const order: string[] = [];
    const third = turnstile.enter(patient).then((leave) => (order.push('third'), leave));
    const fourth = turnstile.enter(patient).then((leave) => (order.push('fourth'), leave));
    expect(await turnstile.enter(patient)).toBeUndefined();
    first?.();
    const leaveThird = await third;
    expect(order).toEqual(['third']);
    leaveThird?.();
    leaveThird?.();
    expect(await fourth).toBeDefined();
    expect(order).toEqual(['third', 'fourth']);
  });

  it('frees the place in the queue of who gives up', async () => {
    const turnstile = new Turnstile(1, 1);
    const leave = await turnstile.enter(patient);
    const impatient = new AbortController();
    const given = turnstile.enter(impatient.signal);
    impatient.abort();
    await expect(given).rejects.toThrow('abort');
    const next = turnstile.enter(patient);
    leave?.();
    expect(await next).toBeDefined();
    await expect(turnstile.enter(impatient.signal)).rejects.toThrow('abort');
  });
});
