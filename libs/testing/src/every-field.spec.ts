import { describe, expect, it } from '@jest/globals';
import { everyField } from './every-field.ts';

const SCHEMA = /* GraphQL */ `
  type Query {
    shelf(id: ID!): Shelf
    all: [Shelf!]!
  }
  type Shelf @key(fields: "id") {
    id: ID!
    books(by: String!): [Book!]!
  }
  type Book {
    title: String!
    shelf: Shelf
  }
  type Mutation {
    putBook(title: String!): Book
  }
`;

const cases = { 'Query.shelf': ['(id: 1)', '(id: 2)'], 'Query.all': [''], 'Shelf.books': ['(by: "li")'] };
const squeezed = (text: string | undefined): string => (text ?? '').replaceAll(/\s+/g, ' ');

describe('a document for every field', () => {
  it('asks each with each case, and no type below itself', () => {
    const { queries, entities, mutations } = everyField(SCHEMA, cases);
    const shelf = '{ __typename id_0: id books_0: books(by: "li") { __typename title_0: title } }';
    expect(squeezed(queries['shelf'])).toBe(`{ shelf_0: shelf(id: 1) ${shelf} shelf_1: shelf(id: 2) ${shelf} }`);
    expect(squeezed(queries['all'])).toBe(`{ all_0: all ${shelf} }`);
    expect(squeezed(entities['Shelf'])).toContain(`... on Shelf ${shelf}`);
    expect(mutations).toEqual(['putBook']);
  });

  it.each(['Query.all', 'Query.shelf', 'Shelf.books'])('fails without a case for %s', (name) => {
    const rest = Object.fromEntries(Object.entries(cases).filter(([one]) => one !== name));
    expect(() => everyField(SCHEMA, rest)).toThrow(`Nothing says how to ask ${name}`);
  });

  it('fails with a case for nothing', () => {
    expect(() => everyField(SCHEMA, { ...cases, 'Query.gone': [''] })).toThrow('There is no Query.gone');
  });
});
