// The marks of Observable Plot that the report draws; esbuild leaves out the rest.
export {
  areaY, axisX, axisY, barX, barY, dot, gridX, gridY, line, plot, ruleX, ruleY, text, tickX,
} from "@observablehq/plot";
