// Times the permission check of @deepstream/server from npm: ConfigPermission.canPerformAction, with
// the message and socket objects that its own server would hand to it. Prints nothing; compare.mjs
// imports it.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const valve = '@deepstream/server/dist/src/services/permission/valve/config-permission.js';
const { ConfigPermission } = require(valve);

const SECTIONS = {
    event: { topic: 4, actions: { publish: 2, subscribe: 3 } },
    record: { topic: 5, actions: { read: 3, write: 18, create: 15, delete: 9 } },
    rpc: { topic: 6, actions: { request: 2, provide: 8 } },
};

function quietLogger() {
    const drop = () => {};
    const logger = { warn: drop, error: drop, info: drop, debug: drop };
    logger.fatal = (event, text) => { throw new Error(`${event}: ${text}`); };
    logger.getNameSpace = () => logger;
    return logger;
}

function cacheOf(records) {
    return {
        get: (name, done) => done(null, 1, name in records ? records[name] : null),
        set: () => {},
    };
}

function parseData(message) {
    if (message.parsedData !== undefined || message.data === undefined) return true;
    try {
        message.parsedData = JSON.parse(message.data);
        return true;
    } catch (error) {
        return error;
    }
}

/** One checker for a rule tree; `records` is what cross references find in the cache. */
export function originalChecker(permissions, records) {
    const services = { logger: quietLogger(), cache: cacheOf(records) };
    services.storage = { get: (name, done) => done(null, -1, null) };
    const config = {
        record: { cacheRetrievalTimeout: 1000, storageRetrievalTimeout: 1000, storageExclusionPrefixes: [] },
    };
    const options = { permissions, maxRuleIterations: 3, cacheEvacuationInterval: 60000 };
    const permission = new ConfigPermission(options, services, config);
    permission.setRecordHandler({
        removeRecordRequest: () => {},
        runWhenRecordStable: (name, run) => run(name),
    });
    return permission;
}

/** The original's message for one of our request lines. A fresh one per check: it caches parsed data. */
function messageOf(request) {
    const section = SECTIONS[request.section];
    return {
        topic: section.topic,
        action: section.actions[request.rule],
        name: request.name,
        data: request.dataText,
    };
}

function socketOf(request) {
    return { userId: request.user.id, serverData: request.user.data, parseData };
}

const nanoseconds = () => Number(process.hrtime.bigint());

function timeSynchronous(permission, sockets, requests, count) {
    let allowed = 0;
    const onVerdict = (socket, message, passItOn, error, verdict) => { if (verdict === true) allowed++; };
    const start = nanoseconds();
    for (let i = 0; i < count; i++) {
        const k = i % requests.length;
        permission.canPerformAction(sockets[k], messageOf(requests[k]), onVerdict, {});
    }
    return { perDecision: (nanoseconds() - start) / count, allowed };
}

async function timeAsynchronous(permission, sockets, requests, count) {
    let allowed = 0;
    const start = nanoseconds();
    for (let i = 0; i < count; i++) {
        const k = i % requests.length;
        await new Promise((resolve) => {
            permission.canPerformAction(sockets[k], messageOf(requests[k]),
                (socket, message, passItOn, error, verdict) => {
                    if (verdict === true) allowed++;
                    resolve();
                }, {});
        });
    }
    return { perDecision: (nanoseconds() - start) / count, allowed };
}

/**
 * Median nanoseconds per decision over `rounds` rounds that cycle through all requests, and which
 * requests of one cycle were allowed. With `fresh` its rule cache is emptied before every cycle, so that
 * each name is new to it.
 */
export async function timeOriginal(permissions, requests, { records, fresh = false, rounds = 5, roundMs = 200 } = {}) {
    const permission = originalChecker(permissions, records ?? {});
    const run = records ? timeAsynchronous : timeSynchronous;
    const sockets = requests.map(socketOf);
    const cycle = async () => {
        if (fresh) permission.ruleCache.reset();
        return run(permission, sockets, requests, requests.length);
    };
    try {
        await cycle();
        const { perDecision, allowed } = await cycle();
        const cycles = fresh ? 1 : Math.max(1, Math.round((roundMs * 1e6) / perDecision / requests.length));
        const times = [];
        for (let round = 0; round < rounds; round++) {
            times.push(fresh ? (await cycle()).perDecision
                : (await run(permission, sockets, requests, cycles * requests.length)).perDecision);
        }
        times.sort((a, b) => a - b);
        return { median: times[rounds >> 1], best: times[0], worst: times.at(-1), allowed };
    } finally {
        await permission.close();
    }
}
