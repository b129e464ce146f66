import { describe, expect, test } from 'vitest'
import { check } from '../src/compile.ts'
import type { DiagnosticCode } from '../src/diagnostics.ts'
import { unmark } from './marked-text.ts'

/** A query with parts replaced; `«..»` marks what the diagnostic is about. */
function query(parts: { from?: string; select?: string; window?: string; compute?: string; rest?: string }): string {
  const { from = 'a', select = 'm', window = '10s', compute = 'avg', rest = '' } = parts
  return `FROM ${from} SELECT ${select} WINDOW ${window} COMPUTE ${compute}${rest === '' ? '' : ` ${rest}`}`
}

/** One code a mark, in text order, and words the first hint or message holds. */
const WRONG: readonly (readonly [marked: string, codes: DiagnosticCode | DiagnosticCode[], says: string])[] = [
  // Words that are none.
  [query({ window: '«5min»' }), 'BAD_NUMBER', 'did you mean 5m?'],
  [query({ window: '«10S»' }), 'BAD_NUMBER', 'did you mean 10s?'],
  [query({ window: '«2hours»' }), 'BAD_NUMBER', 'did you mean 2h?'],
  [query({ window: '«1.5h»' }), 'BAD_NUMBER', 'whole numbers'],
  [query({ compute: 'percentile(«99th»)' }), 'BAD_NUMBER', '99th'],
  [query({ compute: 'percentile(«1.2.3»)' }), 'BAD_NUMBER', '1.2.3'],
  [query({ compute: 'percentile(«1e99»)' }), 'BAD_NUMBER', '40 digits'],
  [
    query({ from: '«"web-01 SELECT m WINDOW 5s COMPUTE avg»' }).replace(/» SELECT.*$/, '»'),
    'UNCLOSED_STRING',
    'end it with "',
  ],
  [query({ rest: "GROUP BY «'x»" }), 'UNCLOSED_STRING', "end it with '"],
  [query({ rest: '«/* note»' }), 'UNCLOSED_COMMENT', '*/'],
  ['FROM «/web»', 'UNCLOSED_REGEX', 'not closed'],
  [query({ from: 'web«@@»01' }), 'UNEXPECTED_CHARACTER', 'quotes'],
  [query({ from: '«“»web«”»' }), ['UNEXPECTED_CHARACTER', 'UNEXPECTED_CHARACTER'], 'straight quotes'],
  [
    query({ from: '«{»a, b}' }).replace('b}', 'b«}»'),
    ['UNEXPECTED_CHARACTER', 'UNEXPECTED_CHARACTER'],
    'no white space',
  ],
  [query({ from: 'web«–»01' }), 'UNEXPECTED_CHARACTER', 'plain hyphen'],
  [query({ select: 'm WHERE x «>» 3' }), 'UNEXPECTED_CHARACTER', 'IN and EXISTS'],
  [query({ from: '"a«\\x»b"' }), 'BAD_ESCAPE', 'no escape'],
  [query({ from: '"«\\u»12"' }), 'BAD_ESCAPE', 'four hexadecimal'],
  [query({ from: 'a «--»note' }), 'UNEXPECTED_CHARACTER', 'white space after its dashes'],
  [query({ from: 'web«-», b' }), 'UNEXPECTED_CHARACTER', 'neither begins nor ends'],
  [query({ from: 'web-*«.»' }), 'UNEXPECTED_CHARACTER', 'quotes'],
  // Form.
  ['«FORM» web-* SELECT m WINDOW 5s COMPUTE avg', 'SYNTAX', 'did you mean FROM?'],
  ['«hello»', 'SYNTAX', 'expected FROM or DECLARE'],
  ['FROM«»', 'SYNTAX', 'found the end of the statement'],
  ['FROM a«»; FROM b SELECT m WINDOW 5s COMPUTE avg', 'SYNTAX', 'expected SELECT'],
  ['FROM a «b» SELECT m WINDOW 5s COMPUTE avg', 'SYNTAX', 'commas'],
  ['FROM a «SELCT» m WINDOW 5s COMPUTE avg', 'SYNTAX', 'did you mean SELECT?'],
  ['FROM a, «SELECT» m WINDOW 5s COMPUTE avg', 'SYNTAX', 'a name is missing before SELECT'],
  ['FROM a SELECT m «WHRE» x = 1 WINDOW 5s COMPUTE avg', 'SYNTAX', 'did you mean WHERE?'],
  ['FROM a SELECT m WHERE x «WINDOW» 5s COMPUTE avg', 'SYNTAX', 'expected'],
  ['FROM a SELECT m WHERE x NOT «=» 1 WINDOW 5s COMPUTE avg', 'SYNTAX', 'IN'],
  ['FROM a SELECT m WHERE x IN «a» WINDOW 5s COMPUTE avg', 'SYNTAX', '`(`'],
  ['FROM a SELECT m «COMPUTE» avg', 'SYNTAX', 'a query needs a window'],
  ['FROM a SELECT m WINDOW 5s «COMPUT» avg', 'SYNTAX', 'did you mean COMPUTE?'],
  [query({ window: '10s «EVRY» 5s' }), 'SYNTAX', 'did you mean EVERY?'],
  [query({ window: '«10»' }), 'SYNTAX', '500ms, 10s'],
  [query({ window: '10s EVERY «5»' }), 'SYNTAX', '500ms, 10s'],
  [query({ window: '10s OFFSET 5s «EVERY» 5s' }), 'SYNTAX', 'right after the length'],
  [query({ compute: 'avg, «GROUP» BY x' }), 'SYNTAX', 'leave the comma out'],
  ['FROM a «WHERE» x = 1 SELECT m WINDOW 5s COMPUTE avg', 'SYNTAX', 'between SELECT and WINDOW'],
  [query({ select: 'm WHERE x = 1 «WHERE» y = 2' }), 'SYNTAX', 'AND'],
  [query({ compute: 'avg,«»' }), 'SYNTAX', 'expected a function'],
  [query({ compute: '«cpu.avg»' }), 'SYNTAX', 'expected a function'],
  [query({ compute: 'avg AS «window»' }), 'SYNTAX', 'reserved word'],
  [query({ compute: 'avg AS «"x"»' }), 'SYNTAX', 'a name for the column'],
  [query({ compute: 'percentile(99«»' }), 'SYNTAX', '`)`'],
  [query({ rest: '«GRUOP» BY x' }), 'SYNTAX', 'did you mean GROUP?'],
  [query({ rest: 'GROUP «x»' }), 'SYNTAX', 'expected BY'],
  [query({ rest: '«-»-note' }), 'SYNTAX', 'white space after its dashes'],
  [query({ rest: '«WHERE» x = 1' }), 'SYNTAX', 'between SELECT and WINDOW'],
  [query({ rest: '«UNTIL» NOW' }), 'SYNTAX', 'follows SINCE'],
  [query({ rest: 'SINCE «yesterday»' }), 'SYNTAX', 'expected NOW'],
  [query({ rest: '«FROM» b SELECT m WINDOW 5s COMPUTE avg' }), 'SYNTAX', '`;`'],
  [query({ from: '«sever»(web-01)' }), 'SYNTAX', 'did you mean server(..)?'],
  [query({ from: '«rack»(web-01)' }), 'SYNTAX', 'server(..)'],
  [query({ select: '«max»(m)' }), 'SYNTAX', 'functions stand in COMPUTE'],
  [query({ select: '«"rate"»(m)' }), 'SYNTAX', 'functions stand in COMPUTE'],
  [query({ select: 'rate(«m*»)' }), 'GLOB_NOT_ALLOWED', 'one literal name'],
  [query({ select: 'rate(m«,» n)' }), 'SYNTAX', '`)`'],
  [query({ window: '1d TZ «5»' }), 'SYNTAX', 'a quoted string'],
  [query({ window: '1d TZ "UTC" «OFFSET» 1h' }), 'SYNTAX', 'OFFSET stands after'],
  [query({ window: 'SESSION «5m»' }), 'SYNTAX', 'expected GAP'],
  [query({ window: 'SESSION GAP «MAX» 1d' }), 'SYNTAX', 'a duration'],
  [query({ window: '«SESION» GAP 5m' }), 'SYNTAX', 'did you mean SESSION?'],
  [query({ rest: 'FILL «NUL»' }), 'SYNTAX', 'did you mean NULL?'],
  [query({ rest: 'FILL PREVIOUS WITHIN «5»' }), 'SYNTAX', '500ms, 10s'],
  [query({ rest: 'LATENESS 5s THEN «KEEP»' }), 'SYNTAX', 'DROP, SIDE or REPAIR'],
  [query({ rest: 'EMIT «END»' }), 'SYNTAX', 'FINAL, ON or EVERY'],
  [query({ rest: 'EMIT ON «FINAL»' }), 'SYNTAX', 'expected END'],
  [query({ rest: 'ORDER «avg»' }), 'SYNTAX', 'expected BY'],
  [query({ rest: 'ORDER BY avg «DESCENDING»' }), 'SYNTAX', 'does not belong here'],
  [query({ rest: 'ORDER BY «"avg"»' }), 'SYNTAX', 'expected a column'],
  [query({ rest: 'LIMIT «ten»' }), 'SYNTAX', 'expected a number'],
  [query({ rest: 'LIMIT «-»1' }), 'SYNTAX', 'expected a number'],
  [query({ rest: 'MIN «SAMPLE» 3' }), 'SYNTAX', 'did you mean SAMPLES?'],
  ['DECLARE METRIC m KIND COUNTER FIRST «NULL»', 'SYNTAX', 'ZERO, BASELINE or AUTO'],
  // Expressions.
  [query({ rest: 'HAVING«»' }), 'SYNTAX', 'a column'],
  [query({ rest: 'HAVING avg >«»' }), 'SYNTAX', 'a column'],
  [query({ rest: 'HAVING avg > «LIMIT» 3' }), 'SYNTAX', 'missing before LIMIT'],
  [query({ rest: 'HAVING avg =«=» 3' }), 'SYNTAX', 'comparisons are'],
  [query({ rest: 'HAVING 1 < avg «<» 3' }), 'SYNTAX', 'do not chain'],
  [query({ rest: 'HAVING avg = «"web"»' }), 'SYNTAX', 'stand in WHERE'],
  [query({ rest: 'HAVING (avg > 3«»' }), 'SYNTAX', '`)`'],
  [query({ rest: 'HAVING avg > 3«)»' }), 'SYNTAX', 'does not belong here'],
  [query({ rest: 'HAVING avg BETWEEN 1 «OR» 3' }), 'SYNTAX', 'expected AND'],
  [query({ rest: 'HAVING avg IS «3»' }), 'SYNTAX', 'expected NULL'],
  [query({ rest: 'HAVING NOT «NOT» avg > 3' }), 'SYNTAX', 'missing before NOT'],
  [query({ rest: 'HAVING avg > 3 «&&» avg < 5' }), 'UNEXPECTED_CHARACTER', 'AND and OR'],
  [query({ rest: 'HAVING avg > «1e99»' }), 'BAD_NUMBER', '40 digits'],
  [query({ rest: 'HAVING «avg»' }), 'EXPRESSION_TYPE', 'compare it'],
  [query({ rest: 'HAVING «(avg + 1)»' }), 'EXPRESSION_TYPE', 'compare it'],
  [query({ rest: 'HAVING «(avg > 1)» + 2 > 3' }), 'EXPRESSION_TYPE', 'a condition where a number'],
  [query({ rest: 'HAVING «(avg > 1)» = «(avg > 2)»' }), ['EXPRESSION_TYPE', 'EXPRESSION_TYPE'], 'AND and OR'],
  [query({ rest: 'HAVING «(NOT avg > 1)» IS NULL' }), 'EXPRESSION_TYPE', 'a condition where a number'],
  [query({ rest: 'HAVING avg > 1 AND «3»' }), 'EXPRESSION_TYPE', 'a number where a condition'],
  [query({ rest: 'HAVING NOT «avg» OR «-avg»' }), ['EXPRESSION_TYPE', 'EXPRESSION_TYPE'], 'compare it'],
  [query({ rest: 'HAVING avg BETWEEN 1 AND «(avg > 2)»' }), 'EXPRESSION_TYPE', 'a condition where a number'],
  [query({ rest: 'HAVING «agv» > 3' }), 'UNKNOWN_COLUMN', 'did you mean avg?'],
  [
    query({ rest: 'HAVING «p99» > 3', compute: 'percentile(99), max' }),
    'UNKNOWN_COLUMN',
    'did you mean percentile_99?',
  ],
  [query({ rest: 'HAVING «mean» > 3' }), 'UNKNOWN_COLUMN', 'did you mean avg?'],
  [query({ rest: 'HAVING «nothing» > 3', compute: 'avg, max' }), 'UNKNOWN_COLUMN', 'COMPUTE gives avg, max'],
  [query({ rest: 'HAVING «max» > «min»' }), ['UNKNOWN_COLUMN', 'UNKNOWN_COLUMN'], 'COMPUTE gives avg'],
  [query({ rest: 'HAVING «percentile(99)» > 3' }), 'UNKNOWN_COLUMN', 'name a column of COMPUTE: percentile_99'],
  [query({ rest: 'HAVING «a.b.c» > 3' }), 'UNKNOWN_COLUMN', 'a.b'],
  [query({ rest: 'ORDER BY «max»' }), 'UNKNOWN_COLUMN', 'COMPUTE gives avg'],
  [query({ rest: 'ORDER BY «count()»' }), 'UNKNOWN_COLUMN', 'name a column of COMPUTE: count'],
  [query({ compute: '«p99»', rest: 'HAVING p99 > 3 ORDER BY p99' }), 'UNKNOWN_FUNCTION', 'percentile(99)'],
  ['DECLARE «x» KIND GAUGE', 'SYNTAX', 'expected METRIC'],
  ['DECLARE METRIC «SELECT» KIND GAUGE', 'SYNTAX', '"SELECT"'],
  ['DECLARE METRIC m KIND GAUGE «5»', 'SYNTAX', 'does not belong here'],
  [query({ rest: 'LATENESS 5s «LATENESS 6s»' }), 'REPEATED_CLAUSE', 'LATENESS'],
  [query({ rest: 'GROUP BY x LATENESS 5s «GROUP BY y»' }), 'REPEATED_CLAUSE', 'GROUP BY'],
  [query({ rest: 'SINCE 2h «SINCE 1h»' }), 'REPEATED_CLAUSE', 'SINCE'],
  [query({ rest: 'HAVING avg > 1 «HAVING avg < 3»' }), 'REPEATED_CLAUSE', 'HAVING'],
  [query({ rest: 'EMIT FINAL LIMIT 3 «EMIT ON END» «LIMIT 4»' }), ['REPEATED_CLAUSE', 'REPEATED_CLAUSE'], 'EMIT'],
  ['DECLARE METRIC m KIND GAUGE «KIND DELTA»', 'REPEATED_CLAUSE', 'KIND'],
  ['DECLARE METRIC m FIRST ZERO «FIRST AUTO»', 'REPEATED_CLAUSE', 'FIRST'],
  // Not here yet.
  [query({ compute: 'percentile(99) «USING» TDIGEST' }), 'NOT_AVAILABLE', 'USING'],
  [query({ compute: 'sum(«avg PER server»)' }), 'NOT_AVAILABLE', 'function of a function'],
  [query({ compute: 'topk(5, «http.route»)' }), 'NOT_AVAILABLE', 'GROUP BY'],
  [query({ compute: '«stddev», «first»' }), ['NOT_AVAILABLE', 'NOT_AVAILABLE'], 'stddev'],
  [query({ compute: '«quantile»(0.99)' }), 'NOT_AVAILABLE', 'percentile(99)'],
  [query({ rest: 'HAVING avg > «baseline(avg, DAILY, 30)» * 2' }), 'NOT_AVAILABLE', 'baseline(..)'],
  [
    query({ rest: 'HAVING avg > «previous(avg)» + «baseline_stddev(avg)»' }),
    ['NOT_AVAILABLE', 'NOT_AVAILABLE'],
    'previous(..)',
  ],
  [query({ rest: 'HAVING avg > 2 * «checkout.total»' }), 'NOT_AVAILABLE', 'columns of other queries'],
  ['«ALTER» QUERY q SET EMIT FINAL', 'NOT_AVAILABLE', 'ALTER'],
  [query({ from: '«tier»(checkout), b' }), 'NOT_AVAILABLE', 'tier(..)'],
  [query({ from: 'b EXCEPT «zone»(x)' }), 'NOT_AVAILABLE', 'zone(..)'],
  [query({ from: '«/web-\\d+/»' }), 'NOT_AVAILABLE', 'glob'],
  [query({ select: 'm WHERE x «=~» /y/' }), 'NOT_AVAILABLE', 'glob'],
  [query({ select: 'm WHERE x «!~» y' }), 'NOT_AVAILABLE', 'with !='],
  [query({ rest: 'GROUP BY «app»' }), 'NOT_AVAILABLE', '"app"'],
  ['«CREATE» QUERY q AS FROM a SELECT m WINDOW 5s COMPUTE avg', 'NOT_AVAILABLE', 'CREATE'],
  ['«SHOW» QUERIES', 'NOT_AVAILABLE', 'SHOW'],
  ['«EXPLAIN» FROM a SELECT m WINDOW 5s COMPUTE avg', 'NOT_AVAILABLE', 'EXPLAIN'],
  ['DECLARE METRIC m «PRIORITY» LOW', 'NOT_AVAILABLE', 'PRIORITY'],
  // Literals.
  [query({ window: '«0s»' }), 'BAD_DURATION', 'longer than nothing'],
  [query({ window: '«30m1h»' }), 'BAD_DURATION', 'larger unit first'],
  [query({ window: '«1s1s»' }), 'BAD_DURATION', 'twice'],
  [query({ window: '«1d12h»' }), 'BAD_DURATION', 'mixes'],
  [query({ window: '«99999999999999999999h»' }), 'BAD_DURATION', '100 years'],
  [query({ window: '«101y»' }), 'BAD_DURATION', '100 years'],
  [query({ window: '«1mo1d»' }), 'BAD_DURATION', 'no fixed number of days'],
  [query({ window: '«1y12h»' }), 'BAD_DURATION', 'mixes'],
  [query({ window: '«1mo1y»' }), 'BAD_DURATION', 'larger unit first'],
  [query({ rest: 'SINCE «2y»' }), 'WRONG_UNIT', 'differ in length'],
  [query({ rest: 'LATENESS «1mo»' }), 'WRONG_UNIT', 'write days'],
  [query({ rest: 'EMIT EVERY «1mo»' }), 'WRONG_UNIT', '1mo has no fixed length'],
  [query({ rest: 'FILL PREVIOUS WITHIN «1y»' }), 'WRONG_UNIT', '1y'],
  [query({ window: '1mo OFFSET -«1mo»' }), 'WRONG_UNIT', 'write days'],
  [query({ window: '10s OFFSET «1mo»' }), 'WRONG_UNIT', 'write days'],
  [query({ window: 'SESSION GAP «1mo» MAX «1y»' }), ['WRONG_UNIT', 'WRONG_UNIT'], 'write days'],
  [query({ rest: 'LIMIT «0»' }), 'BAD_COUNT', 'at least 1'],
  [query({ rest: 'LIMIT «2.5»' }), 'BAD_COUNT', '2.5'],
  [query({ rest: 'MIN SAMPLES «0»' }), 'BAD_COUNT', 'at least 1'],
  [query({ rest: 'FILL «5%»' }), 'WRONG_ARGUMENTS', 'FILL 5'],
  [query({ rest: 'SINCE «"2026-02-30T00:00:00Z"»' }), 'BAD_TIME', 'ISO 8601'],
  [query({ rest: 'SINCE «"2026-11-21T08:00:00"»' }), 'BAD_TIME', 'zone'],
  [query({ from: '«[z-a]»' }), 'BAD_GLOB', 'backwards'],
  [query({ from: '«""»' }), 'EMPTY_NAME', 'at least one character'],
  [query({ select: '«cpu.*»' }), 'GLOB_NOT_ALLOWED', 'one literal name'],
  [query({ select: 'm WHERE «x*» = 1' }), 'GLOB_NOT_ALLOWED', 'quote'],
  ['DECLARE METRIC «m*» KIND GAUGE', 'GLOB_NOT_ALLOWED', 'quote'],
  ['DECLARE METRIC m KIND «GUAGE»', 'UNKNOWN_KIND', 'did you mean GAUGE?'],
  ['«DECLARE METRIC m»', 'EMPTY_DECLARATION', 'KIND'],
  // Meaning.
  [query({ select: 'a, «b»' }), 'SEVERAL_METRICS', 'a query for each'],
  [query({ compute: '«p95»' }), 'UNKNOWN_FUNCTION', 'did you mean percentile(95)?'],
  [query({ compute: '«p999»' }), 'UNKNOWN_FUNCTION', 'did you mean percentile(99.9)?'],
  [
    query({ compute: '«mean», «median», «average»' }),
    ['UNKNOWN_FUNCTION', 'UNKNOWN_FUNCTION', 'UNKNOWN_FUNCTION'],
    'avg',
  ],
  [query({ compute: '«percentil»(99)' }), 'UNKNOWN_FUNCTION', 'did you mean percentile?'],
  [query({ compute: '«frobnicate»' }), 'UNKNOWN_FUNCTION', 'functions are'],
  [query({ compute: '«percentile»' }), 'WRONG_ARGUMENTS', 'percentile(99)'],
  [query({ compute: '«avg(5)»' }), 'WRONG_ARGUMENTS', 'no arguments'],
  [query({ compute: 'percentile(«99%»)' }), 'WRONG_ARGUMENTS', 'percentile(99)'],
  [query({ compute: 'percentile(«0.99»)' }), 'PERCENTILE_FRACTION', 'did you mean percentile(99)?'],
  [query({ compute: 'percentile(«0.999»)' }), 'PERCENTILE_FRACTION', 'did you mean percentile(99.9)?'],
  [query({ compute: 'percentile(«101», «-1»)' }), ['PERCENTILE_RANGE', 'PERCENTILE_RANGE'], '0 to 100'],
  [query({ compute: 'percentile(«99.1234567»)' }), 'PERCENTILE_RANGE', 'decimals'],
  [query({ compute: 'avg, «avg»' }), 'DUPLICATE_COLUMN', 'AS avg_2'],
  [query({ compute: 'avg AS x, max AS «X»' }), 'DUPLICATE_COLUMN', 'X'],
  [query({ compute: '«percentile(99, 99.0)»' }), 'DUPLICATE_COLUMN', 'percentile_99'],
  [query({ compute: 'percentile(50, 99) AS «x»' }), 'ALIAS_OF_SEVERAL', 'percentile(50), percentile(99)'],
  [query({ rest: 'GROUP BY x, «x»' }), 'DUPLICATE_DIMENSION', 'twice'],
  [query({ rest: 'GROUP BY server, «"server"»' }), 'DUPLICATE_DIMENSION', 'twice'],
  [query({ window: '«999ms»' }), 'WINDOW_TOO_SHORT', 'WINDOW 1s'],
  [query({ window: '10s EVERY «20s»' }), 'STEP_LONGER_THAN_WINDOW', 'gaps'],
  [query({ window: '10s EVERY «1500ms»' }), 'PANE_TOO_SHORT', 'EVERY 2s'],
  [query({ window: '10s EVERY «3s1ms»' }), 'PANE_TOO_SHORT', 'panes of 1ms'],
  [query({ window: '1d EVERY «7s»' }), 'TOO_MANY_PANES', 'at most 4096'],
  [query({ window: '1mo EVERY «1h»' }), 'MIXED_UNITS', 'EVERY 1mo'],
  [query({ window: '1y EVERY «1d»' }), 'MIXED_UNITS', 'EVERY 1mo'],
  [query({ window: '1d EVERY «1mo»' }), 'MIXED_UNITS', 'EVERY 1d'],
  [query({ window: '1d EVERY «6h» TZ "Europe/Berlin"' }), 'MIXED_UNITS', 'or leave TZ out'],
  [query({ window: '24h EVERY «1d» TZ "Europe/Berlin"' }), 'MIXED_UNITS', 'or leave TZ out'],
  [query({ window: '1h TZ «"Europe/Berlin"»' }), 'MIXED_UNITS', 'leave TZ out'],
  [query({ window: '1d TZ «"Europe/Berln"»' }), 'UNKNOWN_TIME_ZONE', 'did you mean "Europe/Berlin"?'],
  [query({ window: '1d TZ «"berlin"»' }), 'UNKNOWN_TIME_ZONE', 'did you mean "Europe/Berlin"?'],
  [query({ window: '1d TZ «"New York"»' }), 'UNKNOWN_TIME_ZONE', 'did you mean "America/New_York"?'],
  [query({ window: '1d TZ «"Middle-earth/Shire"»' }), 'UNKNOWN_TIME_ZONE', 'IANA'],
  [query({ window: '1d TZ «"+02:00"»' }), 'UNKNOWN_TIME_ZONE', 'OFFSET'],
  [query({ window: '1d TZ «""»' }), 'UNKNOWN_TIME_ZONE', 'IANA'],
  [query({ window: '1mo OFFSET «-27d»' }), 'OFFSET_TOO_LONG', 'less than 27 days'],
  [query({ window: '1w EVERY «8d» TZ "Europe/Berlin"' }), 'STEP_LONGER_THAN_WINDOW', 'gaps'],
  [query({ window: '1mo EVERY «1y»' }), 'STEP_LONGER_THAN_WINDOW', 'gaps'],
  [query({ window: '20000d EVERY «3d» TZ "Europe/Berlin"' }), 'TOO_MANY_PANES', 'EVERY 5d'],
  [query({ window: 'SESSION GAP «999ms»' }), 'WINDOW_TOO_SHORT', 'GAP 1s'],
  [query({ window: 'SESSION GAP «2d»' }), 'GAP_LONGER_THAN_MAX', 'MAX 2d'],
  [query({ window: 'SESSION GAP «6m» MAX 5m' }), 'GAP_LONGER_THAN_MAX', 'longest session of 5m'],
  [
    query({ window: 'SESSION GAP 5m', rest: '«FILL NULL» «ORDER BY avg» «LIMIT 3»' }),
    ['NOT_FOR_SESSIONS', 'NOT_FOR_SESSIONS', 'NOT_FOR_SESSIONS'],
    'FILL of sessions',
  ],
  [query({ select: '«rate»(m)', window: 'SESSION GAP 5m' }), 'NOT_FOR_SESSIONS', 'WINDOW 5m'],
  [query({ rest: 'EMIT EVERY «999ms»' }), 'EMIT_OUT_OF_RANGE', '1s or more'],
  [query({ rest: 'EMIT EVERY «10s»' }), 'EMIT_OUT_OF_RANGE', 'less than the length'],
  [query({ window: '1d TZ "Europe/Berlin"', rest: 'EMIT EVERY «24h»' }), 'EMIT_OUT_OF_RANGE', 'less than the length'],
  [query({ window: 'SESSION GAP 5m MAX 1h', rest: 'EMIT EVERY «1h»' }), 'EMIT_OUT_OF_RANGE', 'less than the length'],
  [query({ window: '1d', rest: 'EMIT EVERY «1s»' }), 'EMIT_OUT_OF_RANGE', '3s or more'],
  [query({ compute: '«rate», «increase»(5)' }), ['UNKNOWN_FUNCTION', 'UNKNOWN_FUNCTION'], 'SELECT rate(m)'],
  ['DECLARE METRIC m KIND GAUGE «FIRST ZERO»', 'FIRST_NEEDS_COUNTER', 'KIND COUNTER'],
  ['DECLARE METRIC m «FIRST BASELINE» KIND DELTA', 'FIRST_NEEDS_COUNTER', 'KIND COUNTER'],
  [query({ rest: 'SINCE 1h UNTIL «2h»' }), 'EMPTY_RANGE', 'earlier'],
  [query({ rest: 'SINCE «NOW + 1h»' }), 'EMPTY_RANGE', 'earlier'],
  [query({ rest: 'SINCE "2026-11-21T08:00:00Z" UNTIL «"2026-11-21T08:00:00Z"»' }), 'EMPTY_RANGE', 'earlier'],
  // Several at once.
  [
    query({ select: 'a, «b»', compute: '«p99», percentile(«0.5»)', rest: 'GROUP BY «tier»' }),
    ['SEVERAL_METRICS', 'UNKNOWN_FUNCTION', 'PERCENTILE_FRACTION', 'NOT_AVAILABLE'],
    'one metric',
  ],
  [
    `${query({ window: '«5»' })}; ${query({})}; ${query({ rest: 'HAVING «1»' })}`,
    ['SYNTAX', 'EXPRESSION_TYPE'],
    'duration',
  ],
]

describe('wrong text', () => {
  test.each(WRONG)('%s', (marked, codes, says) => {
    const { text, marks } = unmark(marked)
    const diagnostics = check(text)
    const wanted = [codes].flat().map((code, i) => ({ code, severity: 'error', ...marks[i] }))
    expect(diagnostics.map(({ code, severity, start, end }) => ({ code, severity, start, end }))).toEqual(wanted)
    expect(`${diagnostics[0]?.message} | ${diagnostics[0]?.hint}`).toContain(says)
    for (const { message, hint } of diagnostics) {
      expect(message).not.toMatch(/^expected\s*,|undefined|NoViable|--> /)
      expect(hint ?? 'none').not.toMatch(/undefined/)
    }
  })
})

test('lines and columns count from 1, columns in UTF-16 units', () => {
  const [first] = check('FROM "😀"\r\n  SELECT m WINDOW 5s COMPUTE avg,\n\t foo')
  expect(first).toMatchObject({ line: 3, column: 3 })
  const [second] = check('FROM "😀" SELCT m')
  expect(second).toMatchObject({ line: 1, column: 11, start: 10, end: 15 })
})

test('a stored query has no range', () => {
  const { text, marks } = unmark(query({ rest: 'LATENESS 5s «SINCE 1h UNTIL NOW»' }))
  expect(check(text)).toEqual([])
  expect(check(text, { stored: true })).toMatchObject([{ code: 'RANGE_IN_STORED_QUERY', ...marks[0] }])
})

test('the floor of the window is an option', () => {
  expect(check(query({ window: '1s' }))).toEqual([])
  expect(check(query({ window: '4s' }), { minWindowMs: 5_000 })).toMatchObject([
    { code: 'WINDOW_TOO_SHORT', hint: 'write WINDOW 5s' },
  ])
  expect(check(query({ window: '100ms EVERY 50ms' }), { minWindowMs: 10 })).toEqual([])
  expect(() => check(query({}), { minWindowMs: 0 })).toThrow(RangeError)
})

describe('an expression has a limit', () => {
  const having = (condition: string): string => query({ rest: `HAVING ${condition}` })

  test('of operands', () => {
    expect(check(having(`avg${' + 1'.repeat(255)} > 0`))).toMatchObject([{ code: 'EXPRESSION_TOO_LARGE' }])
    expect(check(having(`avg${' + 1'.repeat(254)} > 0`))).toEqual([])
    const long = having(`avg${' + 1'.repeat(10_000)} > 0`)
    expect(check(long)).toMatchObject([
      { code: 'EXPRESSION_TOO_LARGE', start: long.indexOf('1 > 0') - 4 * (10_000 - 256) },
    ])
  })

  test('of levels', () => {
    const nested = (levels: number): string => having(`${'NOT ('.repeat(levels)}avg > 0${')'.repeat(levels)}`)
    expect(check(nested(62))).toEqual([])
    expect(check(nested(63))).toMatchObject([{ code: 'EXPRESSION_TOO_LARGE', start: having('').length }])
  })
})

test('at most 100 diagnostics', () => {
  const diagnostics = check(Array(5_000).fill('x').join(';'))
  expect(diagnostics).toHaveLength(100)
})

test('limits are checked before parsing', () => {
  const long = check(`${query({})} -- ${'x'.repeat(65_536)}`)
  expect(long).toMatchObject([{ code: 'TEXT_TOO_LONG', start: 65_536 }])
  const deep = `FROM a SELECT m WINDOW 5s COMPUTE ${'f('.repeat(65)}`
  expect(check(deep)).toMatchObject([{ code: 'NESTED_TOO_DEEP', start: deep.length - 1 }])
  const allowed = `FROM a SELECT m WINDOW 5s COMPUTE ${'f('.repeat(63)}f${')'.repeat(63)}`
  expect(check(allowed).map(({ code }) => code)).toEqual(['NOT_AVAILABLE'])
})
