// Decides an expression the way JavaScript does: the oracle of the differential tests.

/** Values that JSON cannot say, written as `valvec eval` writes them. */
function encode(value) {
    if (value === undefined || typeof value === 'function') return { $: 'undefined' };
    if (typeof value === 'number') {
        if (Number.isNaN(value)) return { $: 'NaN' };
        if (Object.is(value, -0)) return { $: '-0' };
        if (!Number.isFinite(value)) return { $: value > 0 ? 'Infinity' : '-Infinity' };
    }
    if (Array.isArray(value)) return Array.from(value, encode);
    if (value !== null && typeof value === 'object')
        return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, encode(member)]));
    return value;
}

/** `_` with every record at hand: what the original's deciding round sees (valve.md 6.1, 6.2). */
function crossReference(records) {
    return (name) => {
        if (name === undefined) return undefined;
        if (typeof name !== 'string') throw new Error(`crossreference got unsupported type ${typeof name}`);
        return Object.hasOwn(records, name) ? records[name] : null;
    };
}

/** {decision, value} of one expression under one context. */
export function decide(expression, context, name) {
    const source = expression.replace(/;\s*$/, '');
    const scope = {
        _: crossReference({ ...context.records, [name]: context.oldData }),
        user: context.user, data: context.data, oldData: context.oldData, now: context.now,
        action: 18, name, $x: context.variable,
    };
    try {
        const evaluate = new Function(...Object.keys(scope), `return (\n${source}\n)`);
        const value = evaluate(...Object.values(scope));
        return { decision: value ? 'allow' : 'deny', value: encode(value) };
    } catch (error) {
        return { decision: 'error', message: String(error) };
    }
}
