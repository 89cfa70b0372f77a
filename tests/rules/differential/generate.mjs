// Makes random expressions of the rule language from a seed: the same seed gives the same expressions.
// They stay inside what means the same in JavaScript: no inherited names and no uncalled methods (valve.md
// 9, H12), no fractional powers (whose last digit JavaScript leaves to the engine).

export function randomSource(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), state | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

const NUMBERS = ['0', '1', '2', '3', '5', '7', '10', '42', '0.5', '1e3', '100', '255', '1e21', '0x1F', '2147483648', '-1', '1e-7'];
const TEXTS = ["''", "'a'", "'alice'", "'admin'", "'5'", "'10'", "'9'", "' x '", "'true'", "'é'", "'😀'", "'Hello'", "'0x10'", "'1e3'", "'ß'", "'ΑΣ'"];
const WORDS = ['true', 'false', 'null', 'undefined', 'NaN', 'Infinity'];
const NAMES = ['user', 'user.id', 'user.isAuthenticated', 'user.data', 'data', 'oldData', 'now', 'action', 'name', '$x'];
const DATA_KEYS = ['n', 's', 't', 'f', 'z', 'e', 'nul', 'huge', 'neg', 'list', 'obj', 'emoji', 'ref', 'num', 'missing', 'numbers', 'texts'];
const BINARY = ['+', '-', '*', '/', '%', '<<', '>>', '>>>', '<', '<=', '>', '>=', '==', '!=', '===', '!==', '&', '|', '^', 'in'];
const UNARY = ['!', '-', '+', '~', 'typeof ', 'void '];
const REGEXES = ['/a/', '/^[a-z]+$/', '/(\\d+)/', '/l/g', '/./gu', '/HE/i', '/(a)|(b)/', '/\\s*$/', '/x*?/'];
const RECORDS = ["'members/alice'", "'members/' + user.id", "'list'", "'gone'", 'data.ref', "'nothing'", '`members/${$x}`'];

export function generator(random) {
    const pick = (list) => list[Math.floor(random() * list.length)];

    function leaf() {
        const kind = random();
        if (kind < 0.2) return pick(NUMBERS);
        if (kind < 0.4) return pick(TEXTS);
        if (kind < 0.48) return pick(WORDS);
        if (kind < 0.7) return pick(NAMES);
        return `${random() < 0.85 ? 'data' : 'oldData'}${random() < 0.5 ? '?.' : '.'}${pick(DATA_KEYS)}`;
    }

    function method(receiver, depth) {
        const argument = () => expression(depth - 1);
        switch (pick(['startsWith', 'endsWith', 'includes', 'indexOf', 'match', 'toUpperCase', 'toLowerCase', 'trim'])) {
        case 'startsWith': return `${receiver}.startsWith(${argument()}, ${pick(NUMBERS)})`;
        case 'endsWith': return `${receiver}.endsWith(${argument()})`;
        case 'includes': return `${receiver}.includes(${argument()})`;
        case 'indexOf': return `${receiver}?.indexOf(${argument()}, ${pick(NUMBERS)})`;
        case 'match': return `${receiver}.match(${pick(REGEXES)})`;
        case 'toUpperCase': return `${receiver}.toUpperCase()`;
        case 'toLowerCase': return `${receiver}?.toLowerCase()`;
        default: return `${receiver}.trim()`;
        }
    }

    function expression(depth) {
        if (depth <= 0) return leaf();
        const sub = () => expression(depth - 1);
        const kind = random();
        if (kind < 0.14) return leaf();
        if (kind < 0.4) return `(${sub()} ${pick(BINARY)} ${sub()})`;
        if (kind < 0.5) return `${pick(UNARY)}(${sub()})`;
        if (kind < 0.6) return `(${sub()}) ${pick(['&&', '||'])} (${sub()})`;
        if (kind < 0.64) return `(${sub()} ?? ${leaf()})`;
        if (kind < 0.71) return `(${sub()} ? ${sub()} : ${sub()})`;
        if (kind < 0.78) return `(${sub()})[${sub()}]`.replace(/\[('__proto__')\]/, '[0]');
        if (kind < 0.82) return `[${sub()}, ${sub()}, ${leaf()}]`;
        if (kind < 0.85) return `({ a: ${sub()}, b: ${leaf()} })`;
        if (kind < 0.88) return `\`<\${${sub()}}|\${${leaf()}}>\``;
        if (kind < 0.97) return method(`(${sub()})`, depth);
        return `_(${pick(RECORDS)})`;
    }

    return () => expression(1 + Math.floor(random() * 4));
}
