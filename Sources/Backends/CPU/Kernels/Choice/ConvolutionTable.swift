/// The algorithms that `decoupled bench --tune` found fastest; the shapes of each level are in a file of its own.
enum ConvolutionTable {}
