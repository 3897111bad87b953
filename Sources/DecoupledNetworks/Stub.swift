// DecoupledNetworks
