module netkit/comparison

go 1.19
