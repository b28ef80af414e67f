import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Field } from '../../src/form/field.ts';
import { byField } from '../../src/form/served.ts';
import { type Shape, shapeOf, tidy } from '../../src/form/shape.ts';
import { humane, placed } from '../../src/json.ts';
import type { Json, Schema } from '../../src/types.ts';

const APPROVAL: Schema = {
    title: 'Approval',
    oneOf: [
        { type: 'object', description: 'Publish it.', properties: { Publish: { type: 'object', properties: { by: { type: 'string' } }, required: ['by'] } }, required: ['Publish'], additionalProperties: false },
        { type: 'object', properties: { Reject: { type: 'string' } }, required: ['Reject'], additionalProperties: false },
        { const: 'Later', type: 'string' },
    ],
};

const fill = (shape: Shape, value?: Json) => new Field(shape, value, 'It');

/** The value of a form, and what is wrong with it, by pointer. */
function collect(field: Field) {
    const files = new Map<string, Field>();
    const value = field.read(files) ?? null;
    const errors = new Map([...field.places()].map(([at, { error }]) => [at, error.value] as const).filter(([, words]) => words));
    return { value, files, errors };
}
const round = (schema: Schema, value?: Json) => collect(fill(shapeOf(schema), value));
const part = (field: Field, at: string) => field.places().get(at)!;

test('a value goes through a form unchanged', () => {
    const cases: [Schema, Json][] = [
        [{ type: 'string' }, 'hello\nworld'],
        [{ type: 'integer' }, -7],
        [{ type: 'number' }, 0.25],
        [{ type: 'boolean' }, true],
        [{ enum: ['A', 'B', 3] }, 3],
        [{ oneOf: [{ const: 'Yes', type: 'string' }, { const: 'No', type: 'string' }] }, 'No'],
        [{ type: ['string', 'null'] }, null],
        [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, 5],
        [{ type: 'array', items: { type: 'integer' } }, [1, 2, 3]],
        [{ type: 'array', prefixItems: [{ type: 'integer' }, { type: 'string' }] }, [1, 'x']],
        [{ type: 'array', uniqueItems: true, items: { enum: ['a', 'b', 'c'] } }, ['a', 'c']],
        [{ type: 'object', additionalProperties: { type: 'number' } }, { one: 1, two: 2 }],
        [{ type: 'object', properties: { a: { type: 'string' }, b: { type: 'integer' } }, required: ['a'] }, { a: 'x' }],
        [APPROVAL, { Publish: { by: 'Ann' } }],
        [APPROVAL, { Reject: 'no' }],
        [APPROVAL, 'Later'],
        [{ oneOf: [{ type: 'object', properties: { type: { const: 'circle' }, r: { type: 'number' } }, required: ['type', 'r'] }, { type: 'object', properties: { type: { const: 'dot' } }, required: ['type'] }] }, { type: 'circle', r: 2 }],
        [{ anyOf: [{ type: 'string' }, { type: 'integer' }] }, 4],
        [{ type: ['string', 'integer'] }, 'four'],
        [{}, { any: ['thing', null] }],
        [{ $ref: '#/$defs/Node', $defs: { Node: { type: 'object', properties: { name: { type: 'string' }, next: { anyOf: [{ $ref: '#/$defs/Node' }, { type: 'null' }] } }, required: ['name'] } } }, { name: 'a', next: { name: 'b', next: null } }],
        [{ type: 'string', format: 'date-time' }, '2026-11-23T10:00:00Z'],
        [{ type: 'string', format: 'date' }, '2026-11-23'],
    ];
    for (const [schema, value] of cases) {
        const { value: back, errors } = round(schema, value);
        assert.deepEqual([...errors], [], JSON.stringify(schema));
        const same = JSON.stringify(schema).includes('Node') ? { name: 'a', next: { name: 'b' } } : value;
        assert.deepEqual(back, same, JSON.stringify(schema));
    }
});

test('defaults are filled in, what is left out stays out', () => {
    const schema: Schema = { type: 'object', required: ['words'], properties: { words: { type: 'integer', default: 700 }, topic: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } }, note: { type: ['string', 'null'], default: null }, on: { type: 'boolean', default: true } } };
    const { value, errors } = round(schema);
    assert.deepEqual(value, { words: 700, on: true });
    assert.equal(errors.size, 0);
});

test('an optional one is null where it has to be there', () => {
    const schema: Schema = { type: 'object', required: ['note'], properties: { note: { type: ['string', 'null'] } } };
    assert.deepEqual(round(schema, {}).value, { note: null });
});

test('what is missing or wrong is told at its field', () => {
    const schema: Schema = {
        type: 'object',
        required: ['name', 'age', 'kind', 'items', 'code'],
        properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0, maximum: 120 }, kind: { enum: ['a', 'b'] }, items: { type: 'array', minItems: 1, items: { type: 'number' } }, code: { type: 'string', pattern: '^[A-Z]+$' } },
    };
    const form = fill(shapeOf(schema));
    assert.deepEqual([...collect(form).errors.keys()].sort(), ['/age', '/code', '/items/0', '/kind', '/name'].sort());
    const age = (text: string) => {
        part(form, '/age').text.value = text;
        return collect(form).errors.get('/age')!;
    };
    assert.match(age('1.5'), /whole number/);
    assert.match(age('121'), /At most 120/);
    assert.match(age('99999999999999999999'), /too large/);
    part(form, '/code').text.value = 'abc';
    assert.match(collect(form).errors.get('/code')!, /look like/);
});

test('a choice that is not made yet is no value', () => {
    const { errors } = round(APPROVAL);
    assert.equal(errors.get(''), 'Choose one.');
});

test('an enum of texts with docs is a choice, one with payloads is variants', () => {
    const plain = shapeOf({ oneOf: [{ const: 'Yes', type: 'string', description: 'Go on.' }, { enum: ['No', 'Never'], type: 'string' }] });
    assert.equal(plain.kind, 'choice');
    assert.deepEqual(plain.kind === 'choice' && plain.options.map(option => [option.label, option.doc]), [['Yes', 'Go on.'], ['No', ''], ['Never', '']]);
    const tagged = shapeOf(APPROVAL);
    assert.equal(tagged.kind, 'variants');
    assert.deepEqual(tagged.kind === 'variants' && tagged.options.map(variant => [variant.label, variant.tag, variant.shape.kind]), [['Publish', 'Publish', 'object'], ['Reject', 'Reject', 'text'], ['Later', undefined, 'const']]);
});

test('references, allOf of one, and what stands beside them', () => {
    const schema: Schema = { type: 'object', properties: { a: { $ref: '#/$defs/Words', description: 'Mine.' }, b: { allOf: [{ $ref: '#/$defs/Words' }], default: 'xy' } }, $defs: { Words: { type: 'string', description: 'Theirs.', minLength: 2 } } };
    const shape = shapeOf(schema);
    assert.equal(shape.kind, 'object');
    const fields = shape.kind === 'object' ? shape.fields : [];
    assert.deepEqual(fields.map(field => [field.shape.kind, field.shape.about.doc]), [['text', 'Mine.'], ['text', 'Theirs.']]);
    assert.deepEqual(collect(fill(shape)).value, { b: 'xy' });
});

test('schemas that go round end in JSON', () => {
    const schema: Schema = { $ref: '#/$defs/Tree', $defs: { Tree: { type: 'object', required: ['child'], properties: { child: { $ref: '#/$defs/Tree' } } } } };
    assert.equal(shapeOf(schema).kind, 'object');
});

test('files are told apart and collected', () => {
    const shape = shapeOf({ type: 'object', required: ['scan'], properties: { scan: { type: 'object', properties: { name: { type: 'string' }, content_type: { type: 'string' }, data: { type: 'string' } } }, raw: { type: 'string', contentEncoding: 'base64' } } });
    const kinds = (shape as Shape & { kind: 'object' }).fields.map(field => field.shape.kind);
    assert.deepEqual(kinds, ['file', 'file']);
    const file = new File(['hello'], 'a.txt', { type: 'text/plain' });
    const form = fill(shape);
    assert.deepEqual([...collect(form).errors.keys()], ['/scan']);
    part(form, '/scan').file.value = file;
    const { files, errors } = collect(form);
    assert.deepEqual([...files.keys()], ['/scan']);
    assert.equal(errors.size, 0);
});

test('errors of the server find their fields', () => {
    const shape = shapeOf(APPROVAL);
    const known = fill(shape, { Publish: { by: 'x' } }).places();
    assert.deepEqual([...known.keys()], ['', '/Publish', '/Publish/by']);
    const at = (pointer: string, detail: string) => {
        const { fields, rest } = byField([{ pointer, detail }], known);
        return [...fields.keys(), ...rest];
    };
    assert.deepEqual(at('/Publish/by', 'too long'), ['/Publish/by']);
    assert.deepEqual(at('#/answer/Publish/by', 'too long'), ['/Publish/by']);
    assert.deepEqual(at('/Publish', 'missing field `by`'), ['/Publish/by']);
    assert.deepEqual(at('/Publish/by/deeper', 'no'), ['/Publish/by']);
    const object = fill(shapeOf({ type: 'object', properties: { input: { type: 'string' }, words: { type: 'integer' } } })).places();
    object.delete('');
    assert.deepEqual([...byField([{ pointer: '#/input/words', detail: 'no' }, { pointer: '#/input/input', detail: 'no' }], object).fields.keys()], ['/words', '/input']);
    const strange = shapeOf({ type: 'object', properties: { 'a b': { type: 'string' }, '100%/#2': { type: 'string' } } });
    const errors = ['#/input/a%20b', '#/input/100%25~1%232'].map(pointer => ({ pointer, detail: 'no' }));
    assert.deepEqual([...byField(errors, fill(strange).places()).fields.keys()], ['/a b', '/100%~1#2']);
    assert.deepEqual(byField([{ pointer: '/gone', detail: 'unknown field' }], object).rest, ['gone: unknown field.']);
});

test('values are put at pointers', () => {
    assert.deepEqual(placed({ a: [{ b: 1 }, { b: 2 }] }, '/a/1/b', 'x'), { a: [{ b: 1 }, { b: 'x' }] });
    assert.deepEqual(placed({}, '/a~1b', 1), { 'a/b': 1 });
});

test('a title that is the name of a type says nothing', () => {
    const titleOf = (title: string) => shapeOf({ type: 'string', title }).about.title;
    assert.deepEqual(['uint32', 'float', 'string', 'Array_of_string', 'Nullable_uint8', 'AnyValue'].map(titleOf), ['', '', '', '', '', '']);
    assert.deepEqual(['Full name', 'Strings', 'Integer part'].map(titleOf), ['Full name', 'Strings', 'Integer part']);
});

test('names and docs as people read them', () => {
    assert.equal(humane('second_address'), 'Second address');
    assert.equal(humane('SecondAddress'), 'Second address');
    assert.equal(tidy('Small ones\nstand in the [folder](crate::Server::files), see [`confirm`].\n\nMore.'), 'Small ones stand in the folder, see confirm.\n\nMore.');
});
