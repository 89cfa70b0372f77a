// Speaks as much of Elasticsearch's REST API as the connector uses, on a table in memory, and is strict about
// what it is sent: whatever the reference does not allow, or a node would not take as it is meant, is
// answered with 400 and counted. For tests, because the server itself is not packaged.
//
//     node elasticsearch_double.mjs --port 9200 [--auth user:password] [--version 8.11.0]
//
// `PUT /double/faults` sets what goes wrong, once for each element of a list, with requests or their items:
//
//     [{"path": "_bulk", "status": 429}, {"path": "_mget", "hang": true}, {"path": "_bulk", "itemStatus": 503}]
//
// `GET /double/requests` tells what was asked: {"_bulk": 3, "_mget": 1, "create": 1, "refused": 0, "largestBulk": 9}.

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
    options: { port: { type: 'string' }, auth: { type: 'string' }, version: { type: 'string', default: '8.11.0' } },
});

/** The one script that is known here, as what it does. */
const SCRIPT = "if (ctx._source.ds_version == null || ctx._source.ds_version <= params.d.ds_version) { ctx._source.clear(); ctx._source.putAll(params.d) } else { ctx.op = 'none' }";
const BULK_FILTER = 'items.*.status,items.*.error';
const MGET_FILTER = 'docs.found,docs.error,docs._source';
const MOST_ID_BYTES = 512;
const MOST_BYTES = 100 * 1024 * 1024;

const indexes = new Map(); // name -> { documents: Map, mappings, fields: Map }
let faults = [];
const counts = { _bulk: 0, _mget: 0, create: 0, refused: 0, largestBulk: 0 };

class Refusal extends Error {
    constructor(reason, type = 'illegal_argument_exception', status = 400) {
        super(reason);
        Object.assign(this, { type, status });
    }
}

const demand = (condition, reason) => {
    if (!condition) throw new Refusal(reason);
};

function demandKeys(object, keys, what) {
    demand(object !== null && typeof object === 'object' && !Array.isArray(object), `${what} must be an object`);
    for (const key of Object.keys(object)) demand(keys.includes(key), `${what}: unknown key [${key}]`);
    for (const key of keys) demand(key in object, `${what}: missing key [${key}]`);
}

function demandIndexName(name) {
    demand(/^[^-_+][^\\/*?"<>| ,#:A-Z]*$/.test(name) && name !== '.' && name !== '..' && Buffer.byteLength(name) <= 255, `invalid index name [${name}]`);
}

function demandPlace({ _index: index, _id: id }) {
    demandIndexName(index);
    demand(typeof id === 'string' && id !== '', 'if _id is specified it must not be empty');
    demand(Buffer.byteLength(id) <= MOST_ID_BYTES, `id is too long, must be no longer than ${MOST_ID_BYTES} bytes but was: ${Buffer.byteLength(id)}`);
}

/** As JSON.parse; a member twice is refused, and so is a text that is not UTF-8. */
function parseJson(text) {
    try {
        return JSON.parse(text);
    } catch (error) {
        throw new Refusal(`[x_content_parse_exception] ${error.message}`, 'parse_exception');
    }
}

// ---- create an index ----

function create(name, body) {
    demandIndexName(name);
    const { settings, mappings } = parseJson(body);
    demandKeys(parseJson(body), ['settings', 'mappings'], 'create index');
    demandKeys(mappings, ['dynamic', 'properties'], 'mappings');
    demand(settings !== null && typeof settings === 'object', 'settings must be an object');
    if (indexes.has(name)) throw new Refusal(`index [${name}/x] already exists`, 'resource_already_exists_exception');
    indexes.set(name, { documents: new Map(), mappings, fields: new Map() });
    counts.create++;
    return { acknowledged: true, shards_acknowledged: true, index: name };
}

// ---- bulk ----

const kindOf = (value) => Array.isArray(value) ? (value.length > 0 ? kindOf(value[0]) : null) : value === null ? null : typeof value;

/** A member of a record keeps the kind that it had first: what dynamic mapping comes to. */
function demandSameKinds(index, { record }) {
    demand(record === undefined || 'record' in index.mappings.properties, 'mapping set to false does not know [record]');
    for (const [member, value] of Object.entries(record ?? {})) {
        const kind = kindOf(value), known = index.fields.get(member) ?? kind;
        if (kind !== null && kind !== known) throw new Refusal(`failed to parse field [record.${member}] of type [${known}]`, 'document_parsing_exception');
        if (kind !== null) index.fields.set(member, kind);
    }
}

function update(index, id, { scripted_upsert: isScripted, upsert, script }) {
    demand(isScripted === true && JSON.stringify(upsert) === '{}', 'only scripted upserts are known here');
    demandKeys(script, ['lang', 'source', 'params'], 'script');
    demand(script.lang === 'painless' && script.source === SCRIPT, 'another script is not known here');
    demandKeys(script.params, ['d'], 'params');
    const given = script.params.d;
    demandKeys(given, 'record' in given ? ['ds_name', 'ds_version', 'ds_data', 'record'] : ['ds_name', 'ds_version', 'ds_data'], 'document');
    demand(Number.isInteger(given.ds_version) && typeof given.ds_data === 'string' && typeof given.ds_name === 'string', 'document');
    const before = index.documents.get(id);
    if (before !== undefined && before.ds_version > given.ds_version) return { status: 200, result: 'noop' };
    demandSameKinds(index, given);
    index.documents.set(id, given);
    return before === undefined ? { status: 201, result: 'created' } : { status: 200, result: 'updated' };
}

function itemOf(action, meta, source) {
    const index = indexes.get(meta._index);
    const missing = { status: 404, error: { type: 'index_not_found_exception', reason: `no such index [${meta._index}]` } };
    if (index === undefined) return missing; // action.auto_create_index: false
    if (action === 'delete') return { status: index.documents.delete(meta._id) ? 200 : 404 };
    try {
        return update(index, meta._id, source);
    } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        counts.refused++;
        return { status: error.status, error: { type: error.type, reason: error.message } };
    }
}

function bulk(body) {
    demand(body.endsWith('\n'), 'The bulk request must be terminated by a newline [\\n]');
    const lines = body.slice(0, -1).split('\n');
    const items = [];
    for (let i = 0; i < lines.length; i++) {
        const line = parseJson(lines[i]);
        const [action] = Object.keys(line);
        demand(Object.keys(line).length === 1 && ['update', 'delete'].includes(action), `Malformed action/metadata line [${i + 1}]`);
        const meta = line[action];
        demandKeys(meta, action === 'update' ? ['_index', '_id', 'retry_on_conflict'] : ['_index', '_id'], action);
        demandPlace(meta);
        const fault = takeFault('_bulk', 'itemStatus');
        const source = action === 'update' ? parseJson(lines[++i]) : undefined;
        if (source !== undefined) demandKeys(source, ['scripted_upsert', 'upsert', 'script'], 'update');
        const { status, error } = fault === undefined ? itemOf(action, meta, source)
            : { status: fault.itemStatus, error: { type: 'es_rejected_execution_exception', reason: 'rejected by the test' } };
        items.push({ [action]: error === undefined ? { status } : { status, error } });
    }
    counts.largestBulk = Math.max(counts.largestBulk, items.length);
    return { items };
}

// ---- multi get ----

function multiGet(body) {
    const asked = parseJson(body);
    demandKeys(asked, ['docs'], 'multi get');
    return {
        docs: asked.docs.map((place) => {
            demandKeys(place, ['_index', '_id'], 'docs');
            demandPlace(place);
            const index = indexes.get(place._index);
            if (index === undefined) return { error: { type: 'index_not_found_exception', reason: `no such index [${place._index}]` } };
            const document = index.documents.get(place._id);
            if (document === undefined) return { found: false };
            const { ds_name, ds_version, ds_data } = document;
            return { found: true, _source: { ds_name, ds_version, ds_data } };
        }),
    };
}

// ---- HTTP ----

/** Takes the first fault of this path that has such a member. */
function takeFault(path, member) {
    const at = faults.findIndex((fault) => fault.path === path && member in fault);
    return at < 0 ? undefined : faults.splice(at, 1)[0];
}

function demandParameters(url, expected) {
    const given = Object.fromEntries(url.searchParams);
    demand(JSON.stringify(given) === JSON.stringify(expected), `request contains unrecognized parameters: ${url.search}`);
}

function answer(request, url, body) {
    const type = request.headers['content-type'];
    const route = `${request.method} ${url.pathname}`;
    if (options.auth !== undefined && request.headers.authorization !== `Basic ${Buffer.from(options.auth).toString('base64')}`)
        throw new Refusal('missing authentication credentials', 'security_exception', 401);
    demand(Buffer.from(body).equals(Buffer.concat(request.pieces)), 'Invalid UTF-8');
    switch (route) {
    case 'GET /': return { name: 'double', version: { number: options.version }, tagline: 'You Know, for Search' };
    case 'GET /double/requests': return counts;
    case 'PUT /double/faults': faults = JSON.parse(body); return {};
    case 'POST /_bulk':
        counts._bulk++;
        demand(type === 'application/x-ndjson', `Content-Type header [${type}] is not supported`);
        demandParameters(url, { filter_path: BULK_FILTER });
        return bulk(body);
    case 'POST /_mget':
        counts._mget++;
        demand(type === 'application/json', `Content-Type header [${type}] is not supported`);
        demandParameters(url, { _source_includes: 'ds_name,ds_version,ds_data', filter_path: MGET_FILTER });
        return multiGet(body);
    default:
        demand(request.method === 'PUT' && /^\/[^/]+$/.test(url.pathname), `no handler found for ${route}`);
        demand(type === 'application/json', `Content-Type header [${type}] is not supported`);
        demandParameters(url, {});
        return create(decodeURIComponent(url.pathname.slice(1)), body);
    }
}

function answerWhole(request, response) {
    const url = new URL(request.url, 'http://double');
    const path = url.pathname.slice(1).startsWith('_') ? url.pathname.slice(1) : request.method === 'PUT' ? 'create' : '';
    const hang = takeFault(path, 'hang');
    const fault = hang === undefined ? takeFault(path, 'status') : undefined;
    if (hang !== undefined) return;
    let status = 200, result;
    try {
        result = fault === undefined ? answer(request, url, Buffer.concat(request.pieces).toString('utf8'))
            : { error: { type: 'circuit_breaking_exception', reason: 'too busy, says the test' }, status: status = fault.status };
    } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (error.type !== 'resource_already_exists_exception') counts.refused++;
        status = error.status;
        result = { error: { type: error.type, reason: error.message }, status };
    }
    const text = JSON.stringify(result);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
}

const server = createServer((request, response) => {
    let length = 0;
    request.pieces = [];
    request.on('data', (piece) => {
        length += piece.length;
        if (length <= MOST_BYTES) request.pieces.push(piece);
        else request.destroy();
    });
    request.on('end', () => answerWhole(request, response));
});
server.keepAliveTimeout = 0;
server.listen(Number(options.port), '127.0.0.1');
