// The page that lists runs.

function start() {
  const data = readDocument();
  const name = (run) => (run.file
    ? make("a", { href: run.file }, run.name) : make("span", {}, run.name));
  const scores = (run) => make("ul", { class: "plain" }, (run.scores || []).map((row) =>
    make("li", {}, `${row.model}${run.several ? `, ${row.prompt}` : ""}: ${figure(row.score7, 2)} of 7, `
      + `${share(row.answer_accuracy)} right`)));
  const main = make("main", { id: "main" },
    make("header", { class: "head" }, make("p", { class: "brand" }, "evalctl reports"),
      make("h1", {}, "Runs"),
      make("p", { class: "facts" }, `${counted(data.runs.length, "run")}, the newest first. A link opens the report in the same folder.`)),
    data.runs.length ? table("Runs", [
      { title: "run", of: name, kind: "left" },
      { title: "submitted", of: (run) => run.created_at.replace("T", " ").slice(0, 16), kind: "left" },
      { title: "problems", of: (run) => run.problem_set, kind: "left" },
      { title: "mode", of: (run) => run.mode, kind: "left" },
      { title: "mean score by model", of: scores, kind: "prose" },
    ], data.runs) : make("p", {}, "There are no runs yet."));
  document.body.append(main);
  document.body.dataset.ready = "yes";
}

start();
