// How names are written where a person reads them.

// As a sentence begins
export const sentence = (words) => words.slice(0, 1).toUpperCase() + words.slice(1);

// A photo's name as a title: "american_bulldog_97" is "American bulldog 97"
export const titleOf = (name) => sentence(name.replaceAll("_", " "));
