package simulate

func (c *checker) search() {}
