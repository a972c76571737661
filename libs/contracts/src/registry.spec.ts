import { describe, expect, it } from '@jest/globals';
import { goldenOf } from '@tongchou/testing';
import { ContractBreach } from './contract.ts';
import { costsContracts } from './costs.ts';
import { contractsOf, decodePublic, publishingServices, upcastersOf, validateContracts } from './registry.ts';

const budget = costsContracts.BudgetBaselineReported.example;

describe.each(publishingServices)('golden events of %s', (service) => {
  const golden = goldenOf(service);

  it('are there for every type and every version that was ever published', () => {
    const expected = Object.entries(contractsOf(service)).flatMap(([type, { version }]) =>
      Array.from({ length: version }, (_, before) => `${type}.v${before + 1}`),
    );
    const present = golden.map(({ type, schemaVersion }) => `${type}.v${schemaVersion}`);
    expect(present.sort()).toEqual(expected.sort());
  });

  it.each(golden)('$type v$schemaVersion is read today, and nothing of it is lost', ({ type, schemaVersion, data }) => {
    const fact = decodePublic(service, type, schemaVersion, data);
    expect(fact?.type).toBe(type);
    const today = schemaVersion === contractsOf(service)[type]?.version;
    if (today) expect(fact).toEqual({ type, ...data });
  });
});

describe('decodePublic', () => {
  it('does not know types without a contract, nor an event without data', () => {
    expect(decodePublic('projects', 'SomethingLater', 1, {})).toBeUndefined();
    expect(decodePublic('projects', 'constructor', 1, {})).toBeUndefined();
    expect(decodePublic('costs', 'BudgetBaselineReported', 1, null)).toBeUndefined();
  });

  it('drops what a producer added, and cannot be told another type', () => {
    const fact = decodePublic('costs', 'BudgetBaselineReported', 1, { ...budget, added: 1, type: 'Forged' });
    expect(fact).toEqual({ type: 'BudgetBaselineReported', ...budget });
  });

  it.each([
    [{ ...budget, amount: 1.5 }, 'amount: Invalid input: expected int, received number'],
    [{ ...budget, amount: 2 ** 53 }, 'amount: Too big'],
    [{ ...budget, amount: '1.00' }, 'amount: Invalid input'],
    [{ ...budget, period: '2018-02-30' }, 'period: Invalid ISO date'],
    [{ ...budget, period: '0000-01-01' }, 'period: not a day of the form YYYY-MM-DD'],
    [{ ...budget, projectId: budget.projectId.toUpperCase() }, 'projectId: not a UUID in lower case'],
    [{ period: budget.period, amount: 1 }, 'projectId: Invalid input'],
  ])('names what breaks the contract: %j', (data, reason) => {
    expect(() => decodePublic('costs', 'BudgetBaselineReported', 1, data)).toThrow(reason);
    expect(() => decodePublic('costs', 'BudgetBaselineReported', 1, data)).toThrow(ContractBreach);
  });

  it('refuses a version of a known type that this code does not know', () => {
    const later = () => decodePublic('costs', 'BudgetBaselineReported', 2, budget);
    expect(later).toThrow(expect.objectContaining({ code: 'UNKNOWN_VERSION' }));
    expect(later).toThrow('versions up to 1 are known');
  });
});

describe('validateContracts', () => {
  it('accepts what is published today', () => {
    expect(() => validateContracts()).not.toThrow();
    expect(Object.keys(upcastersOf('costs'))).toContain('BudgetRevised');
  });

  it('knows only services that publish', () => {
    expect(() => contractsOf('weather')).toThrow('No contracts of weather: known are projects, costs');
    expect(() => contractsOf('__proto__')).toThrow(RangeError);
  });
});
