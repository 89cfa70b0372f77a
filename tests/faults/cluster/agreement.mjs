// Whether all nodes know the same, and it is true: who is online, who provides what, who has subscribed to what.
// Every check is a question to real nodes; it returns what is wrong, or nothing.

const differences = (seen, wanted) => [
    ...[...seen].filter((name) => !wanted.has(name)).map((name) => `${name} is a ghost`),
    ...[...wanted].filter((name) => !seen.has(name)).map((name) => `${name} is missed`),
];

async function presence({ inhabitants, everybody }) {
    const wanted = new Set(everybody.map(({ name }) => name));
    for (const inhabitant of inhabitants) {
        const seen = await inhabitant.online();
        const wrong = seen ? differences(seen, wanted) : ['no answer'];
        if (wrong.length > 0) return `online at node-${inhabitant.number}: ${wrong.join(', ')}`;
    }
}

async function calls({ inhabitants, present, absent }) {
    for (const caller of inhabitants) {
        for (const { name, number } of inhabitants) {
            const outcome = await caller.call(`serve/${number}`);
            if (outcome !== `"${name}"`) return `a call from node-${caller.number} to node-${number}: ${outcome}`;
        }
        for (const guest of absent) {
            const outcome = await caller.call(`guest/${guest}`);
            if (outcome !== 'RPC.NO_RPC_PROVIDER') return `a call from node-${caller.number} to ${guest}, who has gone: ${outcome}`;
        }
    }
}

let emitted = 0;

async function events({ inhabitants }) {
    for (const from of inhabitants) {
        const data = String(++emitted);
        from.emit(data);
        const deadline = Date.now() + 2000;
        const deaf = () => inhabitants.filter((to) => !to.heard.has(data));
        while (deaf().length > 0) {
            if (Date.now() > deadline) return `an event of node-${from.number} does not reach node-${deaf()[0].number}`;
            await new Promise((next) => setTimeout(next, 5));
        }
    }
}

async function listening({ inhabitants, feed, endedFeeds }) {
    const providers = inhabitants.filter(({ provided }) => provided.has(feed));
    if (providers.length !== 1) return `${feed} has ${providers.length} providers: ${providers.map(({ name }) => name)}`;
    for (const inhabitant of inhabitants)
        if (inhabitant.feeds.has(feed) && inhabitant.hasProvider.get(feed) !== true) return `${inhabitant.name} does not know that ${feed} has a provider`;
    for (const ended of endedFeeds)
        for (const { name, provided } of inhabitants) if (provided.has(ended)) return `${name} still provides ${ended}, to which nobody subscribes`;
}

const CHECKS = [presence, calls, events, listening];

/** What is wrong now, or undefined. town: { inhabitants, everybody, absent, feed, endedFeeds }. */
export async function disagreement(town) {
    const away = town.everybody.find(({ isHere }) => !isHere);
    if (away) return `${away.name} is not connected`;
    for (const check of CHECKS) {
        const wrong = await check(town);
        if (wrong) return wrong;
    }
    return undefined;
}

/** Events that came more than once. */
export function doubledEvents(inhabitants) {
    return inhabitants.flatMap(({ name, heard }) =>
        [...heard].filter(([, times]) => times > 1).map(([data, times]) => `event ${data} came ${times} times to ${name}`));
}
