// What must be true of records when all is said: nothing that was acknowledged is missing, nothing is there twice,
// nothing that was refused is there, and the history that subscribers saw is the one of the ledger.

import { idIn, kindOf } from './writers.mjs';

const idsOf = {
    counter: () => null, // only the last one is left
    list: (data) => data,
    set: (data) => Object.keys(data),
};

/** How many writes the record itself says that it has had. */
const lengthOf = { counter: ({ count }) => count ?? 0, list: (data) => data.length, set: (data) => Object.keys(data).length };

/** As the record was made, before any write. */
const orEmpty = (name, { version, data }) => ({ version, data: version === 0 && kindOf(name) === 'list' ? [] : data });

function* judgeWhole(name, { version, data }) {
    const kind = kindOf(name);
    if (lengthOf[kind](data) !== version) yield `${name} has version ${version}, and ${lengthOf[kind](data)} writes in it`;
    const ids = idsOf[kind](data);
    if (ids && new Set(ids).size !== ids.length) yield `${name} has a write twice: ${ids.find((id, i) => ids.indexOf(id) !== i)}`;
}

/** Every id that is known of the record, with its versions. */
function versionsById(name, { version, data }, history) {
    const seen = new Map(history.versions.get(name) ?? []);
    const kind = kindOf(name);
    if (kind === 'list') data.forEach((id, i) => seen.set(i + 1, id));
    if (kind === 'counter' && version > 0) seen.set(version, idIn.counter(data));
    const result = new Map();
    for (const [at, id] of seen) result.set(id, [...(result.get(id) ?? []), at]);
    return result;
}

function* judgeHistory(name, final, history) {
    const kind = kindOf(name);
    for (const [version, id] of history.versions.get(name) ?? []) {
        if (version > final.version) yield `${name} ended with version ${final.version}, but ${id} was seen as version ${version}`;
        else if (kind === 'list' && final.data[version - 1] !== id) yield `${name} has ${final.data[version - 1]} at version ${version}, which was seen as ${id}`;
        else if (kind === 'set' && !(id in final.data)) yield `${name} lacks ${id}, which was seen as version ${version}`;
    }
    for (const [id, versions] of versionsById(name, final, history))
        if (versions.length > 1) yield `${id} is in the history of ${name} as versions ${versions}`;
}

function* judgeWrites(name, writes, final, history) {
    const versions = versionsById(name, final, history);
    const ids = new Set(idsOf[kindOf(name)](final.data) ?? []);
    const taken = new Map();
    for (const { id, version, outcome } of writes) {
        if (outcome === 'refused' && (versions.has(id) || ids.has(id))) yield `${id} was refused, and is in ${name}`;
        if (outcome !== 'acked') continue;
        if (kindOf(name) !== 'counter' && !ids.has(id)) yield `${id} was acknowledged, and is not in ${name}`;
        if (version === undefined) continue;
        if (version > final.version) yield `${id} was acknowledged as version ${version} of ${name}, which ended with ${final.version}`;
        if (taken.has(version)) yield `${id} and ${taken.get(version)} were both acknowledged as version ${version} of ${name}`;
        taken.set(version, id);
        const seen = (history.versions.get(name) ?? new Map()).get(version);
        if (seen !== undefined && seen !== id) yield `${id} was acknowledged as version ${version} of ${name}, which was seen as ${seen}`;
    }
}

/** All that is wrong with one record. finals: what each node says of it. */
export function judge(name, finals, ledger, history) {
    const unread = finals.findIndex(({ data }) => data === null);
    if (unread >= 0) return [`${name} cannot be read at node-${unread}`];
    const [final, ...others] = finals.map((each) => orEmpty(name, each));
    const wrong = [];
    others.forEach((other, i) => {
        if (JSON.stringify(other) !== JSON.stringify(final)) wrong.push(`${name} is version ${final.version} at node-0 and version ${other.version}, or other data, at node-${i + 1}`);
    });
    const writes = ledger.writes.filter((write) => write.name === name);
    wrong.push(...judgeWhole(name, final), ...judgeHistory(name, final, history), ...judgeWrites(name, writes, final, history));
    return wrong;
}
