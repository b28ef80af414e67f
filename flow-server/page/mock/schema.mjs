// A check of values against the part of JSON Schema that schemas of Rust types use, for the mock's errors with pointers.
export function errors(schema, value, root = schema, pointer = '') {
    const found = [];
    const wrong = detail => found.push({ pointer, detail });
    if (schema === true || schema === undefined) return found;
    if (schema.$ref) {
        const name = schema.$ref.split('/').pop();
        return errors(root.$defs[name], value, root, pointer);
    }
    const any = schema.oneOf ?? schema.anyOf;
    if (any) {
        const tries = any.map(one => errors(one, value, root, pointer));
        if (tries.some(one => !one.length)) return found;
        // The way that got furthest is the one that was meant.
        const deepest = tries.flat().sort((left, right) => right.pointer.length - left.pointer.length);
        return deepest[0].pointer.length > pointer.length ? tries.find(one => one.includes(deepest[0])) : [{ pointer, detail: 'none of the possible forms' }];
    }
    if ('const' in schema && JSON.stringify(schema.const) !== JSON.stringify(value)) wrong(`expected ${JSON.stringify(schema.const)}`);
    if (schema.enum && !schema.enum.some(one => JSON.stringify(one) === JSON.stringify(value))) wrong('not one of the possible values');
    const types = schema.type === undefined ? [] : [schema.type].flat();
    const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    const is = types.some(one => one === type || (one === 'integer' && Number.isInteger(value)));
    if (types.length && !is) return wrong(`invalid type: ${type}, expected ${types.join(' or ')}`), found;
    if (type === 'string' && schema.minLength > value.length) wrong(`at least ${schema.minLength} characters`);
    if (type === 'string' && schema.pattern && !new RegExp(schema.pattern, 'u').test(value)) wrong('does not match the pattern');
    if (type === 'number' && value < schema.minimum) wrong(`at least ${schema.minimum}`);
    if (type === 'number' && value > schema.maximum) wrong(`at most ${schema.maximum}`);
    if (type === 'array') {
        value.forEach((item, index) => found.push(...errors(schema.prefixItems?.[index] ?? schema.items, item, root, `${pointer}/${index}`)));
        if (value.length < schema.minItems) wrong(`at least ${schema.minItems} items`);
    }
    if (type === 'object') {
        for (const name of schema.required ?? []) if (!(name in value)) found.push({ pointer: `${pointer}/${name}`, detail: `missing field \`${name}\`` });
        for (const [name, inner] of Object.entries(value)) {
            if (schema.properties?.[name]) found.push(...errors(schema.properties[name], inner, root, `${pointer}/${name}`));
            else if (schema.additionalProperties === false) found.push({ pointer: `${pointer}/${name}`, detail: `unknown field \`${name}\`` });
            else if (typeof schema.additionalProperties === 'object') found.push(...errors(schema.additionalProperties, inner, root, `${pointer}/${name}`));
        }
    }
    return found;
}
