import DecoupledCore

/// Every variant of the cpu plugin that runs on this processor, by the path of its shared object: what a user gets from "cpu"
/// is only the best of them.
let cpuVariants = BackendSearch.available().libraries.filter { $0.info.name == "cpu" && $0.info.score > 0 }
  .compactMap(\.info.path).sorted()
