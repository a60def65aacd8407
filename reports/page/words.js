// What the words of the page mean, beside where they stand.

const WORDS = {
  score: ["score of 7", "7 times the share of the reference steps, by weight, that an answer shows; median over repetitions, then mean over problems."],
  high: ["at most", "the same score if every undetermined step were done."],
  undetermined: ["undetermined", "a step that the rules can decide neither way."],
  coverage: ["coverage", "the share of the steps, by weight, that the rules decided; the rest is undetermined."],
  guess: ["guesses", "right final answers that show under half of the steps."],
  path: ["path", "one way to the answer, as its author wrote it down step by step; an answer is held against the path that fits it best."],
  interval: ["interval", "where the difference lies with 95 % confidence, were other problems of this kind asked."],
  finding: ["better, worse", "such a difference is rarely chance, however small it is: p, adjusted for all metrics that are tested, is below 0.05."],
  none: ["no difference", "p is 0.05 or more: these problems show none, which does not say that there is none. An interval is of one metric alone, and may lie on one side of 0 all the same."],
  allowance: ["allowance", "how much worse the policy lets a metric become before it objects."],
  verdict: ["verdict", "pass: the whole interval is within the allowance; block or warn: the whole interval is past it; inconclusive: the allowance lies inside the interval. So a metric can be worse for certain and its verdict inconclusive: it is open whether it is too much worse."],
};

/** Return a list of words with their meanings, folded. */
function meanings(...names) {
  return make("details", { class: "meanings" }, make("summary", {}, "What the words mean"),
    make("dl", {}, names.map((name) => [make("dt", {}, WORDS[name][0]), make("dd", {}, WORDS[name][1])])));
}

/** Say what a verdict on B means for a reader who asks whether to take B instead of A. */
function verdictSentence(verdict, a, b, finding, undetermined) {
  const more = undetermined
    ? "It hangs on the undetermined steps: a judge or a reviewer can decide them."
    : "More problems or repetitions would decide.";
  return {
    pass: `${b} may replace ${a}: what it loses stays within the allowance.`,
    warn: `${b} loses more than a rule allows, one that only warns.`,
    block: `${b} should not replace ${a}: it loses more than the allowance.`,
    inconclusive: finding === "worse"
      ? `${b} scores lower for certain; whether by more than the allowance stays open. ${more}`
      : `It stays open whether ${b} keeps the allowance. ${more}`,
  }[verdict] || null;
}
