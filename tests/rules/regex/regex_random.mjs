// Random patterns and subjects that are small enough to meet: few letters, all constructs.

function generator(seed) {
    let state = seed >>> 0 || 1;
    const next = () => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return state >>> 0;
    };
    const below = limit => next() % limit;
    return { below, pick: list => list[below(list.length)], chance: percent => below(100) < percent };
}

const letters = ['a', 'b', 'c', 'A', 'B', '1', '_', '-', ' ', '\n'];
const strange = ['é', 'É', 'ß', 'ſ', 'K', 'k', 'µ', 'Μ', '\u2028', '\ud83d', '\ude00', '😀', 'σ', 'ς', 'Σ', 'ı', 'İ', 'ǅ', '𐐀', '𐐨'];
const escapes = ['\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\x61', '\\u0062', '\\n', '\\t', '\\cJ', '\\0', '\\.', '\\/'];
const classMembers = ['a', 'b', 'c', 'a-c', 'A-C', '\\d', '\\w', '\\W', '\\s', '\\S', '_', '-', '^', '\\b', '\\]', '0-9', '\\x61', '\\cA'];
const damage = ['(', ')', '[', ']', '{', '}', '*', '+', '?', '\\', '|', '^', '$', '{1}', '{,2}', '{2,1}', '\\k', '\\k<n>', '(?<', '(?', '\\u', '\\x', '\\c', '\\8', '\\01', '\\u{61}', '-'];

function makePattern(random, unicode) {
    let groups = 0, named = false;
    const { below, pick, chance } = random;
    const character = () => chance(12) ? pick(strange) : pick(letters.slice(0, chance(70) ? 3 : letters.length));
    const classText = () => {
        let text = chance(25) ? '[^' : '[';
        for (let i = below(4); i > 0; i--)
            text += chance(8) ? pick(strange) : pick(classMembers);
        return text + ']';
    };
    const quantifier = () => pick(['*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{0,2}', '{1,}', '{0}', '{2,3}?']);
    const group = depth => {
        const kind = below(12);
        if (kind < 5) {
            groups++;
            if (!named && chance(10)) {
                named = true;
                return `(?<n>${disjunction(depth - 1)})`;
            }
            return `(${disjunction(depth - 1)})`;
        }
        const open = kind < 8 ? '(?:' : ['(?=', '(?!', '(?<=', '(?<!'][kind - 8];
        return open + disjunction(depth - 1) + ')';
    };
    const atom = depth => {
        const kind = below(20);
        if (kind < 9 || (depth === 0 && kind > 16))
            return character();
        if (kind < 11)
            return pick(escapes);
        if (kind < 13)
            return classText();
        if (kind === 13)
            return '.';
        if (kind === 14)
            return chance(70) ? '\\' + (1 + below(groups + 1)) : named ? '\\k<n>' : 'a';
        if (kind === 15)
            return pick(['^', '$', '\\b', '\\B']);
        if (kind === 16)
            return unicode ? pick(['\\p{L}', '\\P{Lu}', '\\u{61}', '\\p{Script=Greek}']) : 'c';
        return group(depth);
    };
    const term = depth => {
        const text = atom(depth);
        const fixed = /^([$^]|\\[bB]|\(\?<[=!].*|\(\?[=!].*)$/s.test(text);
        return chance(40) && !fixed ? text + quantifier() : text;
    };
    const sequence = depth => {
        let text = '';
        for (let i = below(4); i > 0; i--)
            text += term(depth);
        return text;
    };
    const disjunction = depth => {
        let text = sequence(depth);
        while (chance(25))
            text += '|' + sequence(depth);
        return text;
    };
    let pattern = sequence(3) + term(3);
    if (chance(10)) {
        const at = below(pattern.length + 1);
        pattern = pattern.slice(0, at) + pick(damage) + pattern.slice(at);
    }
    return pattern;
}

function makeSubject(random) {
    const { below, pick, chance } = random;
    const wide = chance(25);
    let subject = '';
    for (let i = below(14); i > 0; i--)
        subject += wide && chance(40) ? pick(strange) : pick(letters.slice(0, chance(80) ? 3 : letters.length));
    return subject;
}

export function randomCases(count, seed) {
    const random = generator(seed);
    const list = [];
    while (list.length < count) {
        let flags = '';
        for (const [flag, percent] of [['g', 15], ['i', 30], ['m', 15], ['s', 15], ['u', 30], ['y', 10], ['d', 2]])
            flags += random.chance(percent) ? flag : '';
        list.push([makePattern(random, flags.includes('u')), flags, makeSubject(random)]);
    }
    return list;
}
